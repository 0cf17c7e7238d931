# SPDX-License-Identifier: BSD-3-Clause
# Defines vantage::torch: the LibTorch that Torch_DIR, CMAKE_PREFIX_PATH (variable or environment) or VANTAGE_TORCH_PREFIX
# names, by its folders include/ and lib/, which pip's package, the zip and a build from source have. Its
# TorchConfig.cmake is not used: that of a CUDA build needs a CUDA toolkit, although its libraries and a driver are enough.
#
# Sets VANTAGE_TORCH_PREFIX_FOUND, VANTAGE_TORCH_VERSION and VANTAGE_TORCH_CUDA, whether it is a CUDA build; or if there is no
# such LibTorch, vantage_missing.
if(TARGET vantage::torch)
  return()
endif()

# Torch_DIR and torch.utils.cmake_prefix_path are folders below share/cmake.
set(candidates "")
if(Torch_DIR)
  list(APPEND candidates "${Torch_DIR}/../../..")
endif()
string(REPLACE ":" ";" environment_prefixes "$ENV{CMAKE_PREFIX_PATH}")
foreach(prefix IN LISTS CMAKE_PREFIX_PATH environment_prefixes VANTAGE_TORCH_PREFIX)
  list(APPEND candidates "${prefix}" "${prefix}/../..")
endforeach()
set(torch_version_header include/torch/csrc/api/include/torch/version.h)
set(torch_prefix "")
foreach(candidate IN LISTS candidates)
  if(NOT torch_prefix AND EXISTS "${candidate}/lib/libtorch_cpu.so" AND EXISTS "${candidate}/${torch_version_header}")
    get_filename_component(torch_prefix "${candidate}" ABSOLUTE)
  endif()
endforeach()
if(NOT torch_prefix)
  list(JOIN candidates "\n  " looked_in)
  string(CONCAT vantage_missing "LibTorch not found. Run scripts/setup, or name the folder of a LibTorch 2.4 or later, which holds "
                                "lib/libtorch_cpu.so: cmake -DCMAKE_PREFIX_PATH=/path/to/libtorch\nLooked in:\n  ${looked_in}")
  return()
endif()

# The version is in a separate header since 2.8.
set(VANTAGE_TORCH_VERSION "")
set(version_headers "${torch_prefix}/include/torch/headeronly/version.h" "${torch_prefix}/${torch_version_header}")
foreach(part MAJOR MINOR PATCH)
  set(line "")
  foreach(header IN LISTS version_headers)
    if(NOT line AND EXISTS "${header}")
      file(STRINGS "${header}" line REGEX "^#define TORCH_VERSION_${part} [0-9]+" LIMIT_COUNT 1)
    endif()
  endforeach()
  string(REGEX MATCH "[0-9]+$" number "${line}")
  list(APPEND VANTAGE_TORCH_VERSION "${number}")
endforeach()
list(JOIN VANTAGE_TORCH_VERSION "." VANTAGE_TORCH_VERSION)
if(VANTAGE_TORCH_VERSION VERSION_LESS 2.4)
  set(vantage_missing "LibTorch in ${torch_prefix} is ${VANTAGE_TORCH_VERSION}: 2.4 or later is needed")
  return()
endif()

set(torch_libraries torch torch_cpu c10)
set(VANTAGE_TORCH_CUDA FALSE)
set(torch_kind CPU)
if(EXISTS "${torch_prefix}/lib/libtorch_cuda.so")
  list(APPEND torch_libraries torch_cuda c10_cuda)
  set(VANTAGE_TORCH_CUDA TRUE)
  set(torch_kind CUDA)
endif()
list(TRANSFORM torch_libraries PREPEND "${torch_prefix}/lib/lib")
list(TRANSFORM torch_libraries APPEND ".so")
message(STATUS "LibTorch ${VANTAGE_TORCH_VERSION} (${torch_kind}): ${torch_prefix}")

add_library(vantage::torch INTERFACE IMPORTED)
target_include_directories(vantage::torch SYSTEM INTERFACE "${torch_prefix}/include"
                                                           "${torch_prefix}/include/torch/csrc/api/include")
target_compile_definitions(vantage::torch INTERFACE USE_C10D_GLOO USE_DISTRIBUTED USE_RPC USE_TENSORPIPE)
# Libraries register operators when they are loaded, for example CUDA's, without a call to them: the linker must not drop
# them. One argument, so that CMake keeps its order. An option, because options precede all libraries: LibTorch calls the BLAS
# that is loaded first, and has to find its own if it contains one: OpenBLAS's threads wait for each other inside LibTorch's
# (docs/performance.md, Vision transformers). The libraries by name, so that CMake adds their folder to the run path.
list(JOIN torch_libraries "," torch_link_arguments)
target_link_options(vantage::torch INTERFACE "-Wl,--push-state,--no-as-needed,${torch_link_arguments},--pop-state")
target_link_libraries(vantage::torch INTERFACE ${torch_libraries})
# These need CUDA libraries that only their own run paths find.
target_link_options(vantage::torch INTERFACE "LINKER:--allow-shlib-undefined")

# Builds before 2.7 may have std::string's older layout, which shows in their functions' names.
file(STRINGS "${torch_prefix}/lib/libc10.so" names_of_new_layout REGEX "_ZN3c10.*NSt7__cxx11" LIMIT_COUNT 1)
if(NOT names_of_new_layout)
  message(WARNING "LibTorch in ${torch_prefix} is built with _GLIBCXX_USE_CXX11_ABI=0: code compiles against it, and links "
                  "only with other libraries that are built so")
  target_compile_definitions(vantage::torch INTERFACE _GLIBCXX_USE_CXX11_ABI=0)
endif()

set(VANTAGE_TORCH_PREFIX_FOUND "${torch_prefix}")
