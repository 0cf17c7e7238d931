# SPDX-License-Identifier: BSD-3-Clause
# The libraries that vantage stands on; included by the build and by the installed package.
find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)
find_package(JPEG REQUIRED)
find_package(PNG REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(Eigen3 3.4 REQUIRED NO_MODULE)
find_package(BLAS REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(tomlplusplus REQUIRED)
if(NOT CMAKE_C_COMPILER_LOADED)  # FindHDF5 before CMake 4 tries a C program
  enable_language(C)
endif()
find_package(HDF5 REQUIRED COMPONENTS C)
find_package(SQLite3 REQUIRED)
if(NOT TARGET SQLite3::SQLite3)  # CMake before 4.3 names it SQLite::SQLite3
  add_library(SQLite3::SQLite3 INTERFACE IMPORTED)
  target_link_libraries(SQLite3::SQLite3 INTERFACE SQLite::SQLite3)
endif()
include("${CMAKE_CURRENT_LIST_DIR}/VantageTorch.cmake")
