"""The data sets that a study can use, with the facts that are known before a file is opened."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from reluctant.catalogue.entry import Catalogue, Entry, Parameter

# The classes of the published data sets, in the order of their numbers.
DIGITS = tuple("0123456789")
FASHION = (
    "T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
WAVES = ("sine", "square", "triangle", "saw", "rising", "falling", "burst", "silence")
CIFAR10 = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
CIFAR100 = (
    "apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle", "bottle",
    "bowl", "boy", "bridge", "bus", "butterfly", "camel", "can", "castle", "caterpillar", "cattle",
    "chair", "chimpanzee", "clock", "cloud", "cockroach", "couch", "crab", "crocodile", "cup",
    "dinosaur", "dolphin", "elephant", "flatfish", "forest", "fox", "girl", "hamster", "house",
    "kangaroo", "keyboard", "lamp", "lawn_mower", "leopard", "lion", "lizard", "lobster", "man",
    "maple_tree", "motorcycle", "mountain", "mouse", "mushroom", "oak_tree", "orange", "orchid",
    "otter", "palm_tree", "pear", "pickup_truck", "pine_tree", "plain", "plate", "poppy", "porcupine",
    "possum", "rabbit", "raccoon", "ray", "road", "rocket", "rose", "sea", "seal", "shark", "shrew",
    "skunk", "skyscraper", "snail", "snake", "spider", "squirrel", "streetcar", "sunflower",
    "sweet_pepper", "table", "tank", "telephone", "television", "tiger", "tractor", "train", "trout",
    "tulip", "turtle", "wardrobe", "whale", "willow_tree", "wolf", "woman", "worm",
)  # fmt: skip
CIFAR100_COARSE = (
    "aquatic_mammals", "fish", "flowers", "food_containers", "fruit_and_vegetables",
    "household_electrical_devices", "household_furniture", "insects", "large_carnivores",
    "large_man-made_outdoor_things", "large_natural_outdoor_scenes", "large_omnivores_and_herbivores",
    "medium_mammals", "non-insect_invertebrates", "people", "reptiles", "small_mammals", "trees",
    "vehicles_1", "vehicles_2",
)  # fmt: skip


@dataclass(frozen=True)
class DatasetEntry(Entry):
    """A data set: `files` are the published ones (name → size in bytes, SHA-256), `mirrors` their addresses.

    An address that ends in / is that of a folder with these files, any other is that of the only file.
    """

    classes: tuple[str, ...] = ()
    files: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    mirrors: tuple[str, ...] = ()
    folder: str = ""  # of the files among the data sets, where it is not called as the data set is
    note: str = ""  # part of every title, if a reader could take the data for something else

    @property
    def subfolder(self) -> str:
        """The folder of the files, among the data sets."""
        return self.folder or self.name


_CIFAR = "Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/cifar.html"
_ROOT = Parameter("root", "", "the folder or archive; by default the folder of this name among the data sets")
_PATH = Parameter("path", "", "the file, relative to the current folder")
_TEST_FRACTION = Parameter("test_fraction", 0.2, "the share for testing if there is no test part", low=0, below=1)
_KIND = Parameter("kind", "auto", "whether classes or numbers are predicted; auto: decided from the labels",
                  choices=("auto", "classes", "numbers"))  # fmt: skip
_TEST_SPLIT = Parameter("test_split", "random", "the rows for testing if there is no test part; last: they are in an "
                        "order of time, and validation is the last part of train, too",
                        choices=("random", "last"))  # fmt: skip
_FIRST = Parameter("first", 0, "how many of the first training images are used; 0: all", low=0, high=10**9)

_MNIST = {
    "train-images-idx3-ubyte.gz": (9912422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
    "train-labels-idx1-ubyte.gz": (28881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
    "t10k-images-idx3-ubyte.gz": (1648877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
    "t10k-labels-idx1-ubyte.gz": (4542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
}
_FASHION = {
    "train-images-idx3-ubyte.gz": (26421880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
    "train-labels-idx1-ubyte.gz": (29515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
    "t10k-images-idx3-ubyte.gz": (4422102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
    "t10k-labels-idx1-ubyte.gz": (5148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
}
_SHAKESPEARE = {"tinyshakespeare.txt": (1115394, "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed")}
_CONTEXT = Parameter("context", 64, "tokens in a window, each with the next one as its target", low=2, high=2**20)
_CHARACTERS = Parameter("tokens", "characters", "characters, bytes, or the path of a tokenizer.json")

DATASETS: Catalogue[DatasetEntry] = Catalogue("data set", (
    DatasetEntry("digits", "scikit-learn digits",
        "1,797 handwritten digits that come with scikit-learn: the default, which needs no download",
        code="reluctant.data.bundled:load_digits", aliases=("sklearn_digits",),
        source="Alpaydin & Kaynak 1998, UCI; the copy bundled with scikit-learn", classes=DIGITS,
        note="1,797 bundled 8×8 scans scaled to 28×28, not MNIST"),
    DatasetEntry("mnist", "MNIST", "70,000 handwritten digits of 28×28 pixels",
        code="reluctant.data.idx:load_published_idx", source="LeCun, Cortes & Burges 1998", classes=DIGITS,
        files=_MNIST, parameters=(_FIRST,),
        mirrors=("https://ossci-datasets.s3.amazonaws.com/mnist/",
                 "https://storage.googleapis.com/cvdf-datasets/mnist/")),
    DatasetEntry("fashion_mnist", "Fashion-MNIST", "70,000 pictures of clothing of 28×28 pixels in ten classes",
        code="reluctant.data.idx:load_published_idx", aliases=("fashion",),
        source="Xiao, Rasul & Vollgraf 2017 (1708.07747)", classes=FASHION, files=_FASHION, parameters=(_FIRST,),
        mirrors=("https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
                 "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/")),
    DatasetEntry("idx", "IDX files", "your own files in MNIST's format, named as MNIST's, in the folder `root`",
        code="reluctant.data.idx:load_user_idx", source="the IDX format of MNIST's home page",
        parameters=(Parameter("root", "", "the folder that holds the four files"),)),
    DatasetEntry("waves", "Eight kinds of wave",
        "3,000 made-up signals of 128 points: a task without images that needs no download",
        code="reluctant.data.waves:load_waves", source="made by a formula (reluctant.data.waves)", classes=WAVES,
        parameters=(Parameter("noise", 0.25, "standard deviation of the noise at every point", low=0, high=100),),
        note="made by a formula"),
    DatasetEntry("diabetes", "scikit-learn diabetes",
        "442 patients; the progress of their disease, a number, is predicted from ten measurements",
        code="reluctant.data.bundled:load_diabetes",
        source="Efron, Hastie, Johnstone & Tibshirani 2004; the copy bundled with scikit-learn"),
    DatasetEntry("cifar10", "CIFAR-10",
        "60,000 colour pictures of 32×32 pixels in ten classes; reads the binary version",
        code="reluctant.data.cifar:load_cifar10", source=_CIFAR, classes=CIFAR10, parameters=(_ROOT,)),
    DatasetEntry("cifar100", "CIFAR-100",
        "60,000 colour pictures of 32×32 pixels in a hundred classes; reads the binary version",
        code="reluctant.data.cifar:load_cifar100", source=_CIFAR, classes=CIFAR100,
        parameters=(_ROOT, Parameter("labels", "fine", "the hundred fine or the twenty coarse classes",
                                     choices=("fine", "coarse")))),
    DatasetEntry("npz", "NPZ file", "your own arrays in one NumPy file: x_train, y_train, x_test, y_test, or x and y",
        code="reluctant.data.npz:load_npz", source="your own file",
        parameters=(_PATH, Parameter("classes", "", "the names of the classes, separated by commas"), _TEST_FRACTION,
                    _KIND, _TEST_SPLIT,
                    Parameter("groups", "", "the array with the group of every item; a group stays in one part"),
                    Parameter("tokens", False, "whether the inputs are token ids; by default decided from the arrays"),
                    Parameter("vocabulary", 0, "how many token ids there are; 0: up to the largest", low=0, high=2**31),
                    Parameter("padding", -1, "the token id that fills up short sequences; -1: none", low=-1))),
    DatasetEntry("csv", "CSV file", "your own table: one column is predicted from the others",
        code="reluctant.data.table:load_csv", source="your own file",
        parameters=(_PATH, Parameter("target", "", "the column that is predicted"),
                    Parameter("test", "", "another file with the rows to test on"), _TEST_FRACTION, _KIND,
                    Parameter("decimal", ".", "the decimal sign", choices=(".", ",")),
                    Parameter("categories", "", "columns of numbers that are codes, separated by commas"), _TEST_SPLIT,
                    Parameter("groups", "", "the column with the group of every row; a group stays in one part"))),
    DatasetEntry("images", "Pictures in folders",
        "your own pictures: one folder per class, optionally inside folders train, val and test",
        code="reluctant.data.image_folder:load_image_folder", source="your own pictures",
        parameters=(Parameter("root", "", "the folder above these folders, relative to the current one"),
                    Parameter("size", 0, "pixels per side after scaling; 0: not scaled", low=0, high=4096),
                    _TEST_FRACTION)),
    DatasetEntry("text", "Text file", "your own text: the next token is predicted",
        code="reluctant.data.text:load_text", source="your own file",
        parameters=(_PATH, replace(_CHARACTERS, default="bytes"), replace(_CONTEXT, default=128),
                    Parameter("test_fraction", 0.1, "the share at the end that is for testing", low=0, below=1))),
    DatasetEntry("shakespeare", "Shakespeare",
        "1,020,476 characters of Shakespeare's plays that come with reluctant: a text without a download",
        code="reluctant.data.text:load_shakespeare", parameters=(_CONTEXT, _CHARACTERS),
        source="the beginning of Karpathy 2015, char-rnn (tinyshakespeare); the plays are in the public domain",
        note="the first 91 % of Tiny Shakespeare"),
    DatasetEntry("tinyshakespeare", "Tiny Shakespeare", "1,115,394 characters of Shakespeare's plays",
        code="reluctant.data.text:load_tinyshakespeare", folder="text",
        source="Karpathy 2015, char-rnn; the plays are in the public domain", files=_SHAKESPEARE,
        parameters=(_CONTEXT, _CHARACTERS),
        mirrors=("https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
                 "https://storage.googleapis.com/download.tensorflow.org/data/shakespeare.txt")),
))  # fmt: skip
