# SPDX-License-Identifier: BSD-3-Clause
# Defines vantage::faiss: FAISS's library with the OpenMP, BLAS and LAPACK that it needs. Debian's package has no
# CMake files. Sets vantage_missing if they are not found. Included by the build and by the installed package.
if(TARGET vantage::faiss)
  return()
endif()

find_path(VANTAGE_FAISS_INCLUDE_DIR faiss/IndexHNSW.h)
find_library(VANTAGE_FAISS_LIBRARY faiss)
mark_as_advanced(VANTAGE_FAISS_INCLUDE_DIR VANTAGE_FAISS_LIBRARY)
if(NOT VANTAGE_FAISS_INCLUDE_DIR OR NOT VANTAGE_FAISS_LIBRARY)
  string(CONCAT vantage_missing "FAISS not found. Run scripts/setup, install libfaiss-dev, or name its prefix: "
                                "cmake -DCMAKE_PREFIX_PATH=/path/to/faiss. An inference-only build (-DVANTAGE_TRAINING=OFF) "
                                "does without.")
  return()
endif()
find_package(OpenMP QUIET COMPONENTS CXX)
find_package(LAPACK QUIET)
if(NOT OpenMP_CXX_FOUND OR NOT LAPACK_FOUND)
  set(vantage_missing "FAISS needs OpenMP and LAPACK, which are not found")
  return()
endif()
add_library(vantage::faiss INTERFACE IMPORTED)
target_include_directories(vantage::faiss SYSTEM INTERFACE "${VANTAGE_FAISS_INCLUDE_DIR}")
# OpenMP's libraries without its compiler flag, which would change the rounding of Eigen's products.
target_link_libraries(vantage::faiss INTERFACE "${VANTAGE_FAISS_LIBRARY}" ${OpenMP_CXX_LIBRARIES} LAPACK::LAPACK BLAS::BLAS)
