"""Packages of the wheel and the sdist: firmware, host, and the boards, which are a folder of the repository and data of the program."""

from setuptools import find_namespace_packages, setup

FIRMWARE, HOST, BOARDS = (find_namespace_packages(folder, include=[f"{start}*"], exclude=["*__pycache__*"])
                          for folder, start in (("firmware", "ampacity"), ("host", "ampacity_host"), ("boards", "")))  # fmt: skip

setup(
    packages=[*FIRMWARE, *HOST, "ampacity_host.boards", *(f"ampacity_host.boards.{name}" for name in BOARDS)],
    package_dir={"ampacity": "firmware/ampacity", "ampacity_host": "host/ampacity_host", "ampacity_host.boards": "boards"},
)
