"""Image networks in the manner of torchvision and timm, with few channels."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.support.zoo import IMAGES, Network


def convolution(inputs: int, outputs: int, size: int = 3, **options: Any) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, size, padding=size // 2, bias=False, **options)


class Pooled(nn.Sequential):
    """A body, an average over the image, and a linear output."""

    def __init__(self, channels: int, *body: nn.Module) -> None:
        super().__init__(*body, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 3))


class BasicBlock(nn.Module):
    """ResNet (He et al., 2015): one in-place module, called twice."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1, self.bn1 = convolution(inputs, outputs, stride=stride), nn.BatchNorm2d(outputs)
        self.conv2, self.bn2 = convolution(outputs, outputs), nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.downsample: nn.Module | None = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(convolution(inputs, outputs, 1, stride=stride), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Any:
        identity = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += identity
        return self.relu(out)


class PreActivationBlock(nn.Module):
    """ResNet v2 (He et al., 2016), as widely copied: the shortcut starts behind the in-place activation."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(inputs), convolution(inputs, outputs, stride=stride)
        self.bn2, self.conv2 = nn.BatchNorm2d(outputs), convolution(outputs, outputs)
        self.shortcut = convolution(inputs, outputs, 1, stride=stride) if inputs != outputs else None

    def forward(self, x: Tensor) -> Any:
        out = F.relu(self.bn1(x))
        shortcut = self.shortcut(out) if self.shortcut is not None else x
        out = self.conv1(out)
        return self.conv2(F.relu(self.bn2(out))) + shortcut


class InPlacePreActivationBlock(nn.Module):
    """Without a norm before it, the in-place activation changes what the shortcut adds."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.ReLU(inplace=True),
            convolution(channels, channels),
            nn.ReLU(inplace=True),
            convolution(channels, channels),
        )

    def forward(self, x: Tensor) -> Any:
        return x + self.body(x)


def vgg() -> nn.Module:
    features: list[nn.Module] = []
    channels = 3
    for width in (4, "pool", 6, 6, "pool"):
        if isinstance(width, int):
            features += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(inplace=True)]
            channels = width
        else:
            features.append(nn.MaxPool2d(2))
    return nn.Sequential(*features, nn.Flatten(), nn.Linear(24, 8), nn.ReLU(True), nn.Dropout(), nn.Linear(8, 3))


class DenseLayer(nn.Module):
    """DenseNet: each layer gets the concatenation of all before it."""

    def __init__(self, inputs: int, growth: int) -> None:
        super().__init__()
        self.norm1, self.relu1, self.conv1 = nn.BatchNorm2d(inputs), nn.ReLU(inplace=True), convolution(inputs, 8, 1)
        self.norm2, self.relu2, self.conv2 = nn.BatchNorm2d(8), nn.ReLU(inplace=True), convolution(8, growth)

    def forward(self, features: list[Tensor]) -> Any:
        bottleneck = self.conv1(self.relu1(self.norm1(torch.cat(features, 1))))
        return F.dropout(self.conv2(self.relu2(self.norm2(bottleneck))), 0.1, self.training)


class DenseNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem, self.norm, self.classifier = convolution(3, 4), nn.BatchNorm2d(10), nn.Linear(10, 3)
        self.layers = nn.ModuleDict({f"denselayer{i}": DenseLayer(4 + 2 * i, 2) for i in range(3)})

    def forward(self, x: Tensor) -> Any:
        features = [self.stem(x)]
        for layer in self.layers.values():
            features.append(layer(features))
        out = F.relu(self.norm(torch.cat(features, 1)), inplace=True)
        return self.classifier(F.adaptive_avg_pool2d(out, (1, 1)).flatten(1))


class InvertedResidual(nn.Module):
    """MobileNetV2: expand, depthwise, project."""

    def __init__(self, inputs: int, outputs: int, stride: int, act: type[nn.Module] = nn.ReLU6) -> None:
        super().__init__()
        hidden = inputs * 2
        self.use_res_connect = stride == 1 and inputs == outputs
        self.conv = nn.Sequential(
            convolution(inputs, hidden, 1), nn.BatchNorm2d(hidden), act(inplace=True),
            convolution(hidden, hidden, stride=stride, groups=hidden), nn.BatchNorm2d(hidden), act(inplace=True),
            convolution(hidden, outputs, 1), nn.BatchNorm2d(outputs),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Any:
        return x + self.conv(x) if self.use_res_connect else self.conv(x)


def mobilenet(act: type[nn.Module] = nn.ReLU6) -> nn.Module:
    stem = nn.Sequential(convolution(3, 4), nn.BatchNorm2d(4), act(inplace=True))
    return Pooled(6, stem, InvertedResidual(4, 4, 1, act), InvertedResidual(4, 6, 2, act), nn.Dropout(0.2))


class Fire(nn.Module):
    """SqueezeNet: a squeeze, two expansions side by side."""

    def __init__(self, inputs: int, squeeze: int, expand: int) -> None:
        super().__init__()
        self.squeeze, self.squeeze_activation = nn.Conv2d(inputs, squeeze, 1), nn.ReLU(inplace=True)
        self.expand1x1, self.expand1x1_activation = nn.Conv2d(squeeze, expand, 1), nn.ReLU(inplace=True)
        self.expand3x3, self.expand3x3_activation = nn.Conv2d(squeeze, expand, 3, padding=1), nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Any:
        x = self.squeeze_activation(self.squeeze(x))
        return torch.cat(
            [self.expand1x1_activation(self.expand1x1(x)), self.expand3x3_activation(self.expand3x3(x))], 1
        )


def squeezenet() -> nn.Module:
    """The last activation stands between the classifier's convolution and the average."""
    return nn.Sequential(
        Fire(3, 2, 3), Fire(6, 2, 3), nn.Conv2d(6, 3, 1), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    )


class BasicConv2d(nn.Module):
    """Inception's layer: an in-place functional call."""

    def __init__(self, inputs: int, outputs: int, size: int) -> None:
        super().__init__()
        self.conv, self.bn = convolution(inputs, outputs, size), nn.BatchNorm2d(outputs, eps=0.001)

    def forward(self, x: Tensor) -> Any:
        return F.relu(self.bn(self.conv(x)), inplace=True)


class Inception(nn.Module):
    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.branch1x1, self.branch_pool = BasicConv2d(inputs, 2, 1), BasicConv2d(inputs, 2, 1)
        self.branch5x5 = nn.Sequential(BasicConv2d(inputs, 2, 1), BasicConv2d(2, 2, 5))

    def forward(self, x: Tensor) -> Any:
        pooled = F.avg_pool2d(x, kernel_size=3, stride=1, padding=1)
        return torch.cat([self.branch1x1(x), self.branch5x5(x), self.branch_pool(pooled)], 1)


def double_conv(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        convolution(inputs, outputs), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True),
        convolution(outputs, outputs), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True),
    )  # fmt: skip


class UNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.down1, self.down2, self.up_conv = double_conv(3, 4), double_conv(4, 6), double_conv(8, 4)
        self.pool, self.up, self.out = nn.MaxPool2d(2), nn.ConvTranspose2d(6, 4, 2, stride=2), nn.Conv2d(4, 2, 1)

    def forward(self, x: Tensor) -> Any:
        skip = self.down1(x)
        deep = self.up(self.down2(self.pool(skip)))
        return self.out(self.up_conv(torch.cat([skip, deep], dim=1)))


class SqueezeExcitation(nn.Module):
    """EfficientNet's gate over the channels: SiLU inside, a sigmoid gate."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Conv2d(channels, 2, 1), nn.Conv2d(2, channels, 1)
        self.activation, self.scale_activation = nn.SiLU(inplace=True), nn.Sigmoid()

    def forward(self, x: Tensor) -> Any:
        scale = self.activation(self.fc1(F.adaptive_avg_pool2d(x, 1)))
        return self.scale_activation(self.fc2(scale)) * x


class MBConv(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.block = nn.Sequential(
            convolution(channels, 8, 1), nn.BatchNorm2d(8), nn.SiLU(inplace=True), convolution(8, 8, groups=8),
            nn.BatchNorm2d(8), nn.SiLU(inplace=True), SqueezeExcitation(8), convolution(8, channels, 1),
            nn.BatchNorm2d(channels),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Any:
        out = self.block(x)
        if self.training:  # stochastic depth, one number per sample
            out = out * torch.empty(len(x), 1, 1, 1).bernoulli_(0.8).div_(0.8)
        return out + x


class ShuffleUnit(nn.Module):
    """ShuffleNetV2: half of the channels pass through; then the channels are shuffled."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.branch2 = nn.Sequential(
            convolution(half, half, 1), nn.BatchNorm2d(half), nn.ReLU(inplace=True),
            convolution(half, half, groups=half), nn.BatchNorm2d(half), convolution(half, half, 1),
            nn.BatchNorm2d(half), nn.ReLU(inplace=True),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Any:
        x1, x2 = x.chunk(2, dim=1)
        x = torch.cat((x1, self.branch2(x2)), dim=1)
        return x.view(len(x), 2, -1, *x.shape[2:]).transpose(1, 2).contiguous().view(x.shape)


class ConvNeXtBlock(nn.Module):
    """Depthwise convolution, layer norm over the channels, two linear layers and a learned scale."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.dwconv, self.norm = nn.Conv2d(channels, channels, 7, padding=3, groups=channels), nn.LayerNorm(channels)
        self.pwconv1, self.act, self.pwconv2 = nn.Linear(channels, 8), nn.GELU(), nn.Linear(8, channels)
        self.gamma = nn.Parameter(0.5 * torch.ones(channels))

    def forward(self, x: Tensor) -> Any:
        out = self.norm(self.dwconv(x).permute(0, 2, 3, 1))
        return x + (self.gamma * self.pwconv2(self.act(self.pwconv1(out)))).permute(0, 3, 1, 2)


ARCHITECTURES = {
    "resnet": Network(
        lambda: Pooled(
            6,
            convolution(3, 4),
            nn.BatchNorm2d(4),
            nn.ReLU(True),
            nn.MaxPool2d(2),
            BasicBlock(4, 4),
            BasicBlock(4, 6, 2),
        ),
        IMAGES,
    ),
    "resnet, pre-activation": Network(
        lambda: Pooled(6, convolution(3, 4), PreActivationBlock(4, 4), PreActivationBlock(4, 6, 2)), IMAGES
    ),
    "resnet, pre-activation in place": Network(
        lambda: Pooled(4, convolution(3, 4), InPlacePreActivationBlock(4), InPlacePreActivationBlock(4)), IMAGES
    ),
    "vgg": Network(vgg, IMAGES),
    "densenet": Network(DenseNet, IMAGES),
    "mobilenet v2": Network(mobilenet, IMAGES, "relu6"),
    "mobilenet with hardswish": Network(lambda: mobilenet(nn.Hardswish), IMAGES, "hardswish"),
    "squeezenet": Network(squeezenet, IMAGES),
    "inception": Network(lambda: Pooled(6, Inception(3), Inception(6)), IMAGES),
    "u-net": Network(UNet, IMAGES),
    "efficientnet": Network(lambda: Pooled(4, convolution(3, 4), nn.SiLU(True), MBConv(4), MBConv(4)), IMAGES, "silu"),
    "shufflenet": Network(lambda: Pooled(4, convolution(3, 4), nn.ReLU(True), ShuffleUnit(4), ShuffleUnit(4)), IMAGES),
    "convnext": Network(lambda: Pooled(4, convolution(3, 4), ConvNeXtBlock(4), ConvNeXtBlock(4)), IMAGES, "gelu"),
}
