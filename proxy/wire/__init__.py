"""The Gremlin sub-protocol without sockets: frames, requests, responses. Bytes in, objects out."""
