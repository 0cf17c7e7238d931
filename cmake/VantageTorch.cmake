# SPDX-License-Identifier: BSD-3-Clause
# Gives vantage::torch: LibTorch from Torch_DIR, CMAKE_PREFIX_PATH (variable or environment), or the prefix that
# VANTAGE_TORCH_PREFIX names.
if(TARGET vantage::torch)
  return()
endif()

set(candidates "${Torch_DIR}")
foreach(prefix IN LISTS CMAKE_PREFIX_PATH VANTAGE_TORCH_PREFIX)
  list(APPEND candidates "${prefix}/share/cmake/Torch" "${prefix}/Torch" "${prefix}")
endforeach()
string(REPLACE ":" ";" environment_prefixes "$ENV{CMAKE_PREFIX_PATH}")
foreach(prefix IN LISTS environment_prefixes)
  list(APPEND candidates "${prefix}/share/cmake/Torch" "${prefix}/Torch")
endforeach()
set(torch_cmake_dir "")
foreach(candidate IN LISTS candidates)
  if(NOT torch_cmake_dir AND EXISTS "${candidate}/TorchConfig.cmake")
    set(torch_cmake_dir "${candidate}")
  endif()
endforeach()
if(NOT torch_cmake_dir)
  message(FATAL_ERROR "LibTorch not found. Run scripts/setup, or name the folder of a LibTorch 2.4 or later: "
                      "cmake -DCMAKE_PREFIX_PATH=/path/to/libtorch")
endif()
get_filename_component(torch_prefix "${torch_cmake_dir}/../../.." ABSOLUTE)

add_library(vantage::torch INTERFACE IMPORTED)
set(torch_links_cuda FALSE)
if(EXISTS "${torch_prefix}/lib/libtorch_cuda.so")
  find_package(CUDAToolkit QUIET)
  set(torch_links_cuda ${CUDAToolkit_FOUND})
endif()
if(EXISTS "${torch_prefix}/lib/libtorch_cuda.so" AND NOT torch_links_cuda)
  # TorchConfig.cmake of a CUDA build insists on the toolkit; its CPU libraries work without.
  message(STATUS "LibTorch in ${torch_prefix} is a CUDA build and this machine has no CUDA toolkit: "
                 "linking its CPU libraries only")
  target_include_directories(vantage::torch SYSTEM INTERFACE "${torch_prefix}/include"
                                                             "${torch_prefix}/include/torch/csrc/api/include")
  target_link_libraries(vantage::torch INTERFACE "${torch_prefix}/lib/libtorch_cpu.so" "${torch_prefix}/lib/libc10.so")
  # libtorch_cpu.so of such a build names CUDA libraries that only its own run path finds.
  target_link_options(vantage::torch INTERFACE "LINKER:--allow-shlib-undefined")
else()
  set(Torch_DIR "${torch_cmake_dir}" CACHE PATH "Folder of TorchConfig.cmake" FORCE)
  find_package(Torch 2.4 REQUIRED)
  target_include_directories(vantage::torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
  target_link_libraries(vantage::torch INTERFACE ${TORCH_LIBRARIES})
endif()
set(VANTAGE_TORCH_PREFIX_FOUND "${torch_prefix}")
