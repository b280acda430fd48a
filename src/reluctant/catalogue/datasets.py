"""The data sets a study can use, with what is known of each before a file is opened."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reluctant.catalogue.entry import Entry, Parameter, Table


@dataclass(frozen=True)
class DatasetEntry(Entry):
    """A data set: `files` are the published ones (name → size in bytes, SHA-256), `mirrors` their homes."""

    classes: tuple[str, ...] = ()
    files: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    mirrors: tuple[str, ...] = ()
    note: str = ""  # said in every title where the data are not what a reader would take them for


DIGITS = tuple("0123456789")

_FIRST = Parameter("first", 0, "how many of the first training images are used; 0: all", low=0, high=10**9)

_MNIST = {
    "train-images-idx3-ubyte.gz": (
        9912422,
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    ),
    "train-labels-idx1-ubyte.gz": (
        28881,
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    ),
    "t10k-images-idx3-ubyte.gz": (
        1648877,
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    ),
    "t10k-labels-idx1-ubyte.gz": (
        4542,
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    ),
}
_FASHION = {
    "train-images-idx3-ubyte.gz": (
        26421880,
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    ),
    "train-labels-idx1-ubyte.gz": (
        29515,
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    ),
    "t10k-images-idx3-ubyte.gz": (
        4422102,
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    ),
    "t10k-labels-idx1-ubyte.gz": (
        5148,
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    ),
}

DATASETS: Table[DatasetEntry] = Table(
    "data set",
    (
        DatasetEntry(
            "digits",
            "scikit-learn digits",
            "1,797 handwritten digits that come with scikit-learn: the default without a download",
            code="reluctant.data.digits:load",
            aliases=("sklearn_digits",),
            source="Alpaydin & Kaynak 1998, UCI; the copy bundled with scikit-learn",
            classes=DIGITS,
            note="1,797 bundled 8×8 scans scaled to 28×28, not MNIST",
        ),
        DatasetEntry(
            "mnist",
            "MNIST",
            "70,000 handwritten digits of 28×28 pixels",
            code="reluctant.data.idx:load_published",
            source="LeCun, Cortes & Burges 1998",
            parameters=(_FIRST,),
            classes=DIGITS,
            files=_MNIST,
            mirrors=(
                "https://ossci-datasets.s3.amazonaws.com/mnist/",
                "https://storage.googleapis.com/cvdf-datasets/mnist/",
            ),
        ),
        DatasetEntry(
            "fashion_mnist",
            "Fashion-MNIST",
            "70,000 pictures of clothing of 28×28 pixels, ten kinds",
            code="reluctant.data.idx:load_published",
            aliases=("fashion",),
            source="Xiao, Rasul & Vollgraf 2017 (1708.07747)",
            parameters=(_FIRST,),
            classes=(
                "T-shirt",
                "Trouser",
                "Pullover",
                "Dress",
                "Coat",
                "Sandal",
                "Shirt",
                "Sneaker",
                "Bag",
                "Ankle boot",
            ),
            files=_FASHION,
            mirrors=(
                "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
                "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            ),
        ),
        DatasetEntry(
            "idx",
            "IDX files",
            "your own files in MNIST's format, named as MNIST's, in the folder `root`",
            code="reluctant.data.idx:load_own",
            parameters=(Parameter("root", "", "the folder that holds the four files"),),
            source="the IDX format of MNIST's home page",
        ),
    ),
)
