"""Where PyTorch computes, and in which precision."""

from __future__ import annotations

from typing import Any

import torch

from training.engines.devices import parse_device, unavailable


def torch_device(name: str) -> torch.device:
    """Return the device of a setting; raises DeviceUnavailable."""
    kind, number = parse_device(name)
    is_there = {
        "cpu": True,
        "cuda": number < torch.cuda.device_count(),
        "mps": torch.backends.mps.is_available(),
    }
    if not is_there[kind]:
        raise unavailable(name, "PyTorch")
    return torch.device(name)


def device_of(net: Any) -> torch.device:
    """Return where a network's weights are."""
    device: torch.device = next(net.parameters()).device
    return device


def device_in_words(device: torch.device) -> str:
    """Name a device for people: what a version was trained on."""
    if device.type == "cuda":
        return f"{device} ({torch.cuda.get_device_name(device)})"
    return str(device)


def has_bfloat16(device: torch.device) -> bool:
    """Tell whether a device computes in bfloat16; emulated it is slower than float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    checks = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    is_cpu = device.type == "cpu"
    return is_cpu and any(getattr(torch.cpu, check, lambda: False)() for check in checks)


def uses_bfloat16(precision: str, device: torch.device) -> bool:
    """Resolve the parameter `precision` on a device."""
    return precision == "bfloat16" or (precision == "auto" and has_bfloat16(device))
