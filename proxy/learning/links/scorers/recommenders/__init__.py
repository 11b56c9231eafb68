"""Methods that factorise or regress the matrix of links: collaborative filtering."""
