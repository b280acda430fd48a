"""Networks of token ids: which suit which data, what factories get, masks of padding, networks of transformers."""

import copy
import pickle
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reluctant.core.errors import ModelError
from reluctant.data.dataset import TokenInputs
from reluctant.models import activation_modules, build, example_inputs, initialise, mask_padding, unpack_logits
from reluctant.models.build import preview_replacements
from reluctant.models.keywords import CONTEXT_KEYWORDS, VOCABULARY_KEYWORDS, shape_arguments
from reluctant.models.own_weights import initial_weights, watch_initialisation
from tests.support.own_token_models import BagOfTokens

OWN = "tests.support.own_token_models"
TOKENS = TokenInputs(vocabulary=20, padding=0)
LANGUAGE_MODELS = ("gpt2", "llama")
NETWORKS = (*LANGUAGE_MODELS, "bert")


def token_network(name: str, activation: str = "relu") -> nn.Module:
    """A network of transformers with the weights with which a training starts."""
    pytest.importorskip("transformers")
    task, outputs = ("tokens", 20) if name in LANGUAGE_MODELS else ("classification", 3)
    with watch_initialisation():
        model = build(f"{OWN}:{name}", activation, (6,), outputs, 4, task=task, tokens=TOKENS)
    initialise(model, "default", 4, activation, own=initial_weights(model).own)
    return model


def random_ids(n: int = 8, t: int = 6) -> Tensor:
    return torch.randint(1, 20, (n, t), generator=torch.Generator().manual_seed(0))


class TestSuitedData:
    @pytest.mark.parametrize("name", ["mlp", "convnet", "cnn", "resnet"])
    def test_networks_of_numbers_refuse_tokens(self, name: str) -> None:
        with pytest.raises(ModelError, match=f"model {name} takes numbers, and one input here is 6 token ids; use gpt"):
            build(name, "relu", (6,), 20, task="tokens", tokens=TOKENS)
        with pytest.raises(ModelError, match="use text_classifier, or your own network"):
            build(name, "relu", (6,), 3, tokens=TOKENS)

    @pytest.mark.parametrize("name", ["gpt", "text_classifier"])
    @pytest.mark.parametrize("shape", [(6,), (1, 28, 28)])
    def test_networks_of_tokens_refuse_numbers(self, name: str, shape: tuple[int, ...]) -> None:
        with pytest.raises(ModelError, match=f"model {name} takes token ids, and one input here is numbers"):
            build(name, "relu", shape, 3)

    def test_the_targets_decide_between_the_two(self) -> None:
        with pytest.raises(ModelError, match="a whole sequence has one target; use text_classifier"):
            build("gpt", "relu", (6,), 3, tokens=TOKENS)
        with pytest.raises(ModelError, match="here every token has one; use gpt"):
            build("text_classifier", "relu", (6,), 20, task="tokens", tokens=TOKENS)
        with pytest.raises(ModelError, match="no output for each of 3 classes at every token; use your own network"):
            build("gpt", "relu", (6,), 3, task="tokens", tokens=TOKENS)

    def test_each_has_outputs_for_its_task(self) -> None:
        texts = build("gpt(width=8, heads=2)", "relu", (6,), 20, task="tokens", tokens=TOKENS)
        classes = build("text_classifier(width=8, heads=2)", "relu", (6,), 3, tokens=TOKENS)
        assert texts(random_ids()).shape == (8, 6, 20)
        assert classes(random_ids()).shape == (8, 3)


class TestArguments:
    def test_a_factory_gets_vocabulary_and_context_and_no_number_of_features(self) -> None:
        names = (*VOCABULARY_KEYWORDS, *CONTEXT_KEYWORDS, "in_features", "in_channels", "num_labels", "classes")
        namespace: dict[str, Any] = {}
        exec(f"def factory({', '.join(f'{name}=None' for name in names)}): ...", namespace)
        arguments = shape_arguments(namespace["factory"], (6,), 3, TOKENS)
        assert arguments == {
            **dict.fromkeys(VOCABULARY_KEYWORDS, 20), **dict.fromkeys(CONTEXT_KEYWORDS, 6),
            "num_labels": 3, "classes": 3,
        }  # fmt: skip
        numbers = shape_arguments(namespace["factory"], (6,), 3)
        assert not {*VOCABULARY_KEYWORDS, *CONTEXT_KEYWORDS} & set(numbers)

    def test_they_are_reported(self) -> None:
        replaced = preview_replacements(f"{OWN}:BagOfTokens", "gelu", (6,), 3, TOKENS)
        assert replaced.sizes == {"n_vocab": 20, "seq_len": 6, "num_classes": 3}
        assert replaced.report is not None
        assert len(replaced.report.swapped) == 1

    def test_a_network_of_one_s_own_is_built(self) -> None:
        model: Any = build(f"{OWN}:BagOfTokens", "gelu", (6,), 3, tokens=TOKENS)
        assert model.seq_len == 6
        assert model(random_ids()).shape == (8, 3)

    def test_example_inputs_are_no_padding(self) -> None:
        assert torch.equal(example_inputs((6,), TOKENS), torch.ones(2, 6, dtype=torch.int64))
        assert torch.equal(example_inputs((6,), TokenInputs(20)), torch.zeros(2, 6, dtype=torch.int64))
        assert torch.equal(example_inputs((1, 2, 2)), torch.zeros(2, 1, 2, 2))


class WithAuxiliary(NamedTuple):
    """As GoogLeNet of torchvision returns it in training."""

    logits: Tensor
    aux_logits: Tensor


class TestUnpackLogits:
    def test_only_objects_with_logits_are_unpacked(self) -> None:
        logits = torch.ones(2, 3)
        others = (logits, (logits, logits), WithAuxiliary(logits, logits), SimpleNamespace(logits=None))
        for output, expected in ((SimpleNamespace(logits=logits), logits), *((x, x) for x in others)):
            model = nn.Identity()
            unpack_logits(model)
            assert model(output) is expected

    def test_every_user_defined_network_is_unpacked(self) -> None:
        for name in NETWORKS:
            assert isinstance(token_network(name).eval()(random_ids()), Tensor)


class Recording(nn.Module):
    """Remembers the masks that it gets."""

    def __init__(self) -> None:
        super().__init__()
        self.masks: list[Tensor | None] = []

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        self.masks.append(attention_mask)
        return input_ids


class TestMaskPadding:
    def test_a_mask_of_the_tokens_that_are_no_padding_is_given(self) -> None:
        model = Recording()
        mask_padding(model, 0)
        ids = torch.tensor([[4, 5, 0], [0, 0, 0]])
        model(ids)
        model(input_ids=ids)
        own = torch.ones(2, 3)
        model(ids, own)
        model(ids, attention_mask=own)
        first, second, *others = model.masks
        assert first is not None
        assert second is not None
        assert first.tolist() == second.tolist() == [[1, 1, 0], [1, 0, 0]]  # attention over nothing would be NaN
        assert all(mask is own for mask in others)

    def test_nothing_changes_without_padding_or_without_the_parameter(self) -> None:
        model, other = Recording(), BagOfTokens(20, 6, 3)
        mask_padding(model, None)
        mask_padding(other, 0)
        model(random_ids())
        assert model.masks == [None]
        assert other(random_ids()).shape == (8, 3)

    def test_a_classifier_of_transformers_does_not_see_the_padding(self) -> None:
        model = token_network("bert").eval()
        for parameter in model.parameters():
            nn.init.normal_(parameter, std=0.3)
        ids = random_ids()
        padded = torch.cat((ids[:, :4], torch.zeros_like(ids[:, 4:])), 1)
        torch.testing.assert_close(model(padded), model(ids[:, :4]), rtol=1e-5, atol=1e-5)
        assert (model(padded) - model(ids)).abs().max() > 1e-3
        assert model(torch.zeros(2, 6, dtype=torch.int64)).isfinite().all()


class TestTransformers:
    @pytest.mark.parametrize("name", NETWORKS)
    @pytest.mark.parametrize("activation", ["relu", "prelu", "snake"])
    def test_every_network_trains(self, name: str, activation: str) -> None:
        model = token_network(name, activation).train()
        assert len(activation_modules(model)) >= 2
        ids = random_ids()
        targets = ids.roll(1, 1) if name in LANGUAGE_MODELS else ids[:, 0] % 3
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
        losses = []
        for _ in range(15):
            out = model(ids)
            assert out.shape == (*targets.shape, 20 if name in LANGUAGE_MODELS else 3)
            losses.append(F.cross_entropy(out.flatten(0, -2), targets.flatten()))
            optimizer.zero_grad()
            losses[-1].backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        assert losses[-1] < 0.8 * losses[0]

    @pytest.mark.parametrize("name", NETWORKS)
    def test_arms_start_with_equal_weights(self, name: str) -> None:
        starts = [token_network(name, activation).state_dict() for activation in ("gelu", "prelu")]
        shared = starts[0].keys() & starts[1].keys()
        assert len(shared) > 20
        assert all(torch.equal(starts[0][key], starts[1][key]) for key in shared)

    @pytest.mark.parametrize("name", NETWORKS)
    def test_networks_can_be_copied_and_sent(self, name: str) -> None:
        model = token_network(name).eval()
        clone = copy.deepcopy(model)
        assert torch.equal(clone(random_ids()), model(random_ids()))
        sent = pickle.loads(pickle.dumps(model))
        assert torch.equal(sent(random_ids()), model(random_ids()))
