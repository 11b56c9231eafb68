"""The graph neural network: relational graph convolution over features and embeddings."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from gremlink.proxy.learning.graph import Floats
from gremlink.proxy.learning.models.gnn.messages import MessageType
from gremlink.proxy.learning.models.gnn.rounds import Round
from gremlink.proxy.learning.trained.encoder import NORM_EPSILON, Encoder, Layer


@dataclass(frozen=True, slots=True)
class EncoderSettings:
    """Size and regularisation of the encoder."""

    width: int = 64
    layers: int = 2
    dropout: float = 0.2
    embedding_scale: float = 0.1
    """Length of the learned embeddings at the beginning where a vertex has features (length 1)."""
    message_scale: float = 0.1
    """Share of the state that a round of messages adds at the beginning."""
    bases: int = 8
    """Matrices that the relations share, at most; 0 gives each relation its own."""
    self_loop: bool = True
    layer_norm: bool = False
    global_norm: bool = False
    """`True` averages messages over all relations: see `MessageGraph.weights`."""
    residual: bool = True
    """`True` adds the outcome of a round to the state; else it replaces the state."""
    jumping_knowledge: bool = True
    """`True` outputs the mean over all rounds, `False` that of the last one."""
    embed_featured: bool = True
    """`True` gives vertices with features a learned embedding, too."""


class RelationalEncoder(nn.Module):
    r"""R-GCN with basis decomposition, self loops, residuals and a bounded update.

    .. math::
        h_v^{(l+1)} = h_v^{(l)} + \mathrm{drop}\,\tanh\Big(W_0 h_v^{(l)}
            + \sum_r \sum_{u \in N_r(v)} \tfrac{1}{\sqrt{d_u d_v}} W_r h_u^{(l)}\Big),
        \qquad W_r = \sum_b a_{rb} V_b

    Schlichtkrull et al., "Modeling relational data with graph convolutional networks", ESWC 2018.
    Each relation passes messages in both directions; a relation and its reverse begin with the
    same weights and part only as far as the data asks for it. The input is a learned embedding
    plus an orthogonal projection of the features, the output the mean over the layers, and the
    :math:`V_b` begin as multiples of the identity: training starts from smoothed features and
    embeddings, which is LightGCN (He et al., SIGIR 2020) and a sensible answer where there is
    little to learn from. With `layer_norm` the argument of :math:`\tanh` is normalised over its
    columns (Ba, Kiros & Hinton, "Layer normalization", 2016). With `global_norm` the weights of
    messages are :math:`1 / \sum_r |N_r(v)|`: a mean over all neighbours, as in GraphSAGE
    (Hamilton, Ying & Leskovec, NIPS 2017), with a matrix for each relation. That the output sees
    every layer is jumping knowledge (Xu et al., ICML 2018), by the mean; without it the output is
    that of the last layer. Without `residual` the first term is left out, and :math:`W_0` begins
    as the identity.
    """

    def __init__(
        self,
        counts: Mapping[str, int],
        feature_widths: Mapping[str, int],
        messages: Sequence[MessageType],
        settings: EncoderSettings,
    ) -> None:
        super().__init__()
        width = settings.width
        self._types = tuple(counts)
        self._featured = tuple(name for name in counts if name in feature_widths)
        self.embeddings = nn.ParameterList(
            nn.Parameter(
                torch.randn(count, width)
                * (settings.embedding_scale if name in feature_widths else 1.0)
                / math.sqrt(width)
            )
            for name, count in counts.items()
        )
        if not settings.embed_featured:
            for name in self._featured:
                self.forget(name)
        self.projections = nn.ModuleList(
            _orthogonal(feature_widths[name], width) for name in self._featured
        )
        self.layers = nn.ModuleList(
            RelationalLayer(messages, settings) for _ in range(settings.layers)
        )
        self._dropout = nn.Dropout(settings.dropout)
        self._mean = settings.global_norm
        self._residual = settings.residual
        self._jumping = settings.jumping_knowledge

    def others(self) -> Iterator[nn.Parameter]:
        """Yield the parameters that are no learned embeddings."""
        for part in (self.projections, self.layers):
            yield from part.parameters()

    def forget(self, name: str) -> None:
        """Leave the vertices of a type with their features alone."""
        self.embeddings[self._types.index(name)].requires_grad_(False).zero_()

    def forward(
        self,
        features: Mapping[str, Tensor],
        rounds: Sequence[Round],
        rows: Mapping[str, Tensor] | None = None,
    ) -> dict[str, Tensor]:
        """Embed vertices by one of `rounds` for each layer: float32 `[vertices, width]` by type.

        They begin with all vertices or with `rows`, int64 by type; `features` are theirs, float32
        `[rows, features]` by type.
        """
        state: dict[str, Tensor] = dict(zip(self._types, self.embeddings, strict=True))
        if rows is not None:
            # Their gradients are sparse: a step touches what a mini-batch has read, nothing else.
            state = {
                name: nn.functional.embedding(rows[name], table, sparse=True)
                for name, table in state.items()
            }
        for name, projection in zip(self._featured, self.projections, strict=True):
            state[name] = state[name] + projection(features[name])
        states = [{name: self._dropout(values) for name, values in state.items()}]
        for layer, round_ in zip(self.layers, rounds, strict=True):
            after = layer(states[-1], round_)
            states = [
                {name: round_.kept(name, values) for name, values in each.items()}
                for each in states
            ]
            states.append(after)
        if not self._jumping:
            return states[-1]
        return {
            name: torch.stack([state[name] for state in states]).mean(dim=0) for name in self._types
        }

    @torch.no_grad()
    def begin(self, stored: Encoder) -> None:
        """Begin with the parameters of another encoder, wherever sizes are the same."""
        for name, own in zip(self._types, self.embeddings, strict=True):
            _take(own, stored.embeddings.get(name))
        for name, projection in zip(self._featured, self.projections, strict=True):
            values = stored.projections.get(name)
            _take(cast(nn.Linear, projection).weight, None if values is None else values.T)
        for layer, before in zip(self.layers, stored.layers, strict=False):
            cast(RelationalLayer, layer).begin(before)

    @torch.no_grad()
    def stored(self) -> Encoder:
        """Return the same encoder for NumPy, in its present state."""
        return Encoder(
            {
                name: _copied(values)
                for name, values in zip(self._types, self.embeddings, strict=True)
            },
            {
                name: _copied(cast(nn.Linear, projection).weight.T)
                for name, projection in zip(self._featured, self.projections, strict=True)
            },
            tuple(cast(RelationalLayer, layer).stored() for layer in self.layers),
            self._mean,
            self._residual,
            self._jumping,
        )


class RelationalLayer(nn.Module):
    """One round of messages; `RelationalEncoder` has the formula."""

    def __init__(self, messages: Sequence[MessageType], settings: EncoderSettings) -> None:
        super().__init__()
        width = settings.width
        self._messages = tuple(messages)
        relations = list(dict.fromkeys(kind.relation for kind in messages))
        bases = max(1, min(len(relations), settings.bases or len(relations)))
        self.bases = nn.Parameter(settings.message_scale * torch.eye(width).repeat(bases, 1, 1))
        shares = torch.zeros(len(messages), bases)
        for index, kind in enumerate(messages):
            shares[index, relations.index(kind.relation) % bases] = 1.0
        self.shares = nn.Parameter(shares)
        self._residual = settings.residual
        # Without a residual the loop is what keeps a vertex's own state.
        has_own = settings.self_loop and not settings.residual
        loop = torch.eye(width) if has_own else torch.zeros(width, width)
        self.loop = nn.Parameter(loop, requires_grad=settings.self_loop)
        gain = torch.full((width,), settings.message_scale / math.sqrt(width))
        self.gain = nn.Parameter(gain) if settings.layer_norm else None
        self.shift = nn.Parameter(torch.zeros(width)) if settings.layer_norm else None
        self._dropout = nn.Dropout(settings.dropout)

    def forward(self, state: Mapping[str, Tensor], round_: Round) -> dict[str, Tensor]:
        """Return the next state: float32 `[vertices, width]` by type."""
        transforms = self._transforms()
        kept = {name: round_.kept(name, values) for name, values in state.items()}
        received = {name: values @ self.loop for name, values in kept.items()}
        for kind, transform in zip(self._messages, transforms, strict=True):
            sent = round_.propagate(kind, state[kind.source])
            received[kind.target] = received[kind.target] + sent @ transform
        new = {
            name: self._dropout(torch.tanh(self._normalised(values)))
            for name, values in received.items()
        }
        return {name: kept[name] + new[name] for name in new} if self._residual else new

    def _normalised(self, values: Tensor) -> Tensor:
        if self.gain is None:
            return values
        shape = list(self.gain.shape)
        return nn.functional.layer_norm(values, shape, self.gain, self.shift, NORM_EPSILON)

    def _transforms(self) -> Tensor:
        """Return one matrix for each message type: float32 `[message types, width, width]`."""
        return torch.einsum("rb,bij->rij", self.shares, self.bases)

    def begin(self, stored: Layer) -> None:
        """Begin with the parameters of another layer.

        Its matrices for message types come as sums of bases again, by their largest singular
        vectors: exactly, if they were made of as many bases.
        """
        if stored.loop.shape != self.loop.shape:
            return
        _take(self.loop, stored.loop)
        for own, before in ((self.gain, stored.gain), (self.shift, stored.shift)):
            if own is not None:
                _take(own, before)
        wanted = self._transforms()
        for number, kind in enumerate(self._messages):
            known = stored.transforms.get((kind.relation, "in" if kind.reverse else "out"))
            if known is not None:
                wanted[number] = torch.from_numpy(known.copy())
        flat = wanted.reshape(len(wanted), -1)
        left, sizes, right = torch.linalg.svd(flat, full_matrices=False)
        count = min(len(self.bases), len(sizes))
        roots = sizes[:count].sqrt()
        self.shares.zero_()
        self.shares[:, :count] = left[:, :count] * roots
        self.bases[:count] = (roots[:, None] * right[:count]).reshape(count, *self.loop.shape)

    def stored(self) -> Layer:
        """Return the same layer for NumPy."""
        return Layer(
            _copied(self.loop),
            {
                (kind.relation, "in" if kind.reverse else "out"): _copied(transform)
                for kind, transform in zip(self._messages, self._transforms(), strict=True)
            },
            None if self.gain is None else _copied(self.gain),
            None if self.shift is None else _copied(self.shift),
        )


def _take(own: Tensor, values: Floats | None) -> None:
    """Copy values of the same shape; a parameter that does not learn stays as it is."""
    if values is not None and own.requires_grad and values.shape == tuple(own.shape):
        own.copy_(torch.from_numpy(values.copy()))


def _copied(tensor: Tensor) -> Floats:
    return np.array(tensor.detach().numpy(), dtype=np.float32)


def _orthogonal(features: int, width: int) -> nn.Linear:
    """Return a projection that keeps angles, as far as `width` allows."""
    projection = nn.Linear(features, width, bias=False)
    nn.init.orthogonal_(projection.weight)
    return projection
