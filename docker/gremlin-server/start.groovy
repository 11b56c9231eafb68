[g: traversal().withEmbedded(graph)]
