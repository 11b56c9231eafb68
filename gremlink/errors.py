"""The root of all errors that are meant for users, below everything else in the house.

Error
├── WrongArgument         an argument of a function of the face cannot be used
├── NotInstalled          a package is missing that is not part of this installation
├── GremlinError          of `gremlink.grammar`: Gremlin that cannot be read or written
├── GraphError            between a graph on a server and a graph in files
├── UnusableExport        an export that nothing can be learned from, and what leads there:
│                         BadFeature, NoTextModel, UnusableSettings, BadHpoConfiguration,
│                         SearchFailed
├── ArtifactError         a trained model on disk; OutputUnwritable where it is to be written
├── UnknownRelation       a model is asked for what it does not predict; UnknownVertex and
│                         NoEmbeddings for its embeddings, UnknownCount for segments of them
├── NothingToPredict      a model is asked for all of what it does not predict; UnknownFormat for
│                         the name of the file
├── StoreError            endpoints and jobs
├── ConfigurationError    a setting that cannot be used; TlsError for certificates and keys
├── StudioError           what a page in the browser shows as an error
├── ListenError           an address that the proxy cannot listen on
└── EmbeddedServerError   the embedded Gremlin Server or store
"""

from __future__ import annotations


class Error(Exception):
    """Base class of the errors that are meant for users."""


class WrongArgument(Error, ValueError):
    """An argument cannot be used; the message says what to write instead."""


class NotInstalled(Error, ImportError):
    """A package is missing; the message says how to install it."""
