# SPDX-License-Identifier: BSD-3-Clause
# Precompiled headers: one for each kind of target, made once and shared by all targets of that kind.
#
#   plain       modules without torch: the standard library, nlohmann/json, Eigen
#   blas        the same, with Eigen's products given to BLAS
#   torch       modules with torch, and the command
#   plain_test, torch_test   the tests of both
#
# They contain only third-party headers, so that changes of vantage do not rebuild them.
# cmake -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON builds without.
#
# GCC uses a precompiled header only if the compiler options are the same, including -fPIC or -fPIE. So everything is
# compiled with -fPIC (vantage_build_flags), which also lets the libraries be linked into shared ones.

# vantage_add_precompiled(KIND HEADER libraries...): the header cmake/precompiled/HEADER.h, compiled with the options of
# the libraries.
function(vantage_add_precompiled kind header)
  set(source "${PROJECT_BINARY_DIR}/precompiled/${kind}.cc")
  file(CONFIGURE OUTPUT "${source}" CONTENT "// Nothing: a library needs a file.\n")
  add_library(vantage_precompiled_${kind} OBJECT EXCLUDE_FROM_ALL "${source}")
  target_link_libraries(vantage_precompiled_${kind} PRIVATE vantage_build_flags ${ARGN})
  target_precompile_headers(vantage_precompiled_${kind} PRIVATE "${PROJECT_SOURCE_DIR}/cmake/precompiled/${header}.h")
endfunction()

# vantage_use_precompiled(TARGET KIND)
function(vantage_use_precompiled target kind)
  target_precompile_headers(${target} REUSE_FROM vantage_precompiled_${kind})
endfunction()

vantage_add_precompiled(plain plain nlohmann_json::nlohmann_json Eigen3::Eigen)
vantage_add_precompiled(blas plain nlohmann_json::nlohmann_json Eigen3::Eigen)
target_compile_definitions(vantage_precompiled_blas PRIVATE EIGEN_USE_BLAS)
vantage_add_precompiled(torch torch nlohmann_json::nlohmann_json Eigen3::Eigen vantage::torch)
