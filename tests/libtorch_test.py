# SPDX-License-Identifier: BSD-3-Clause
"""Which LibTorch CMake and scripts/setup choose, tested on folders that look like one: libtorch_test.py CMAKE."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
CMAKE = sys.argv.pop(1)
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in ("CMAKE_PREFIX_PATH", "VANTAGE_TORCH")}
NEW_STRING = b"\0_ZN3c105ErrorC1ENSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE\0"
OLD_STRING = b"\0_ZN3c105ErrorC1ESs\0"
PROJECT = f"""cmake_minimum_required(VERSION 3.24)
project(find NONE)
include("{ROOT}/cmake/VantageDependencies.cmake")
vantage_find_library(vantage::torch)
get_target_property(libraries vantage::torch INTERFACE_LINK_LIBRARIES)
get_target_property(options vantage::torch INTERFACE_LINK_OPTIONS)
get_target_property(definitions vantage::torch INTERFACE_COMPILE_DEFINITIONS)
message(STATUS "links ${{libraries}}")
message(STATUS "options ${{options}}")
message(STATUS "defines ${{definitions}}")
"""


class LibTorch(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="libtorch-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def make(self, version="2.13.0", libraries=("torch", "torch_cpu", "c10"), names=NEW_STRING):
        prefix = self.folder / "torch"
        header = prefix / "include/torch/csrc/api/include/torch/version.h"
        config = prefix / "share/cmake/Torch/TorchConfig.cmake"
        for path in (header, config, prefix / "lib/x"):
            path.parent.mkdir(parents=True, exist_ok=True)
        parts = zip(("MAJOR", "MINOR", "PATCH"), version.split("."))
        header.write_text("".join(f"#define TORCH_VERSION_{part} {number}\n" for part, number in parts))
        config.write_text('message(FATAL_ERROR "wants a toolkit")\n')
        for name in libraries:
            (prefix / f"lib/lib{name}.so").write_bytes(b"\x7fELF" + names)
        return prefix

    def configure(self, prefix):
        (self.folder / "CMakeLists.txt").write_text(PROJECT)
        done = subprocess.run([CMAKE, "-S", self.folder, "-B", self.folder / "build", f"-DCMAKE_PREFIX_PATH={prefix}"],
                              env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.returncode, done.stdout

    def test_a_cuda_build_is_linked_whole_without_its_cmake_files(self):
        prefix = self.make(libraries=("torch", "torch_cpu", "c10", "torch_cuda", "c10_cuda"))
        code, text = self.configure(prefix)
        self.assertEqual(code, 0, text)
        self.assertIn("LibTorch 2.13.0 (CUDA)", text)
        links = next(line for line in text.splitlines() if "links" in line)
        options = next(line for line in text.splitlines() if "options" in line)  # precede all libraries
        for name in ("torch_cpu", "torch_cuda", "c10_cuda"):
            self.assertIn(f"{prefix}/lib/lib{name}.so", links)
            self.assertIn(f"{prefix}/lib/lib{name}.so", options)
        self.assertIn("--no-as-needed", options)

    def test_the_folder_that_torch_utils_names_is_taken(self):
        prefix = self.make()
        code, text = self.configure(prefix / "share/cmake")
        self.assertEqual(code, 0, text)
        self.assertIn("LibTorch 2.13.0 (CPU)", text)

    def test_the_layout_of_strings_is_that_of_the_library(self):
        self.assertNotIn("_GLIBCXX_USE_CXX11_ABI", self.configure(self.make())[1])
        self.assertIn("defines USE_C10D_GLOO;USE_DISTRIBUTED;USE_RPC;USE_TENSORPIPE;_GLIBCXX_USE_CXX11_ABI=0",
                      self.configure(self.make(names=OLD_STRING))[1])

    def test_an_older_one_is_refused(self):
        code, text = self.configure(self.make(version="2.3.1"))
        self.assertNotEqual(code, 0)
        self.assertIn("2.3.1: 2.4 or later is needed", " ".join(text.split()))

    def test_a_folder_without_one_is_named(self):
        code, text = self.configure(self.folder / "elsewhere")
        self.assertNotEqual(code, 0)
        self.assertIn("LibTorch not found", text)
        self.assertIn(f"{self.folder}/elsewhere", text)

    def set_up(self, **environment):
        """Makes scripts/setup find all packages installed, and end before it installs anything."""
        programs = self.folder / "bin"
        programs.mkdir()
        (programs / "dpkg-query").write_text("#!/bin/sh\necho install ok installed\n")
        (programs / "dpkg-query").chmod(0o755)
        (self.folder / "scripts").mkdir()
        shutil.copy(ROOT / "scripts/setup", self.folder / "scripts/setup")
        variables = {**ENVIRONMENT, "PATH": f"{programs}:{os.environ['PATH']}", **environment}
        done = subprocess.run([self.folder / "scripts/setup"], env=variables, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        return done.returncode, done.stdout

    def test_setup_refuses_a_build_of_another_kind_than_is_asked_for(self):
        prefix = self.make()
        code, text = self.set_up(CMAKE_PREFIX_PATH=str(prefix), VANTAGE_TORCH="cuda")
        self.assertEqual(code, 1)
        self.assertIn(f"VANTAGE_TORCH=cuda, but CMAKE_PREFIX_PATH names another build: {prefix}", text)

    def test_setup_knows_two_kinds(self):
        code, text = self.set_up(VANTAGE_TORCH="rocm")
        self.assertEqual(code, 1)
        self.assertIn("VANTAGE_TORCH is 'rocm': known are cpu and cuda", text)


unittest.main()
