# SPDX-License-Identifier: BSD-3-Clause
# The libraries that vantage depends on; included by the build and by the installed package.

set(VANTAGE_CMAKE_DIR "${CMAKE_CURRENT_LIST_DIR}")

# vantage_find_library(TARGET): finds the package of a target of another library: by default the name before "::".
macro(vantage_find_library target)
  if(NOT TARGET ${target})
    if("${target}" STREQUAL "OpenSSL::Crypto")
      find_package(OpenSSL REQUIRED COMPONENTS Crypto)
    elseif("${target}" STREQUAL "Eigen3::Eigen")
      find_package(Eigen3 3.4 REQUIRED NO_MODULE)
    elseif("${target}" STREQUAL "hdf5::hdf5")
      if(NOT CMAKE_C_COMPILER_LOADED)  # FindHDF5 before CMake 4 tries a C program
        enable_language(C)
      endif()
      find_package(HDF5 REQUIRED COMPONENTS C)
    elseif("${target}" STREQUAL "SQLite3::SQLite3")
      find_package(SQLite3 REQUIRED)
      if(NOT TARGET SQLite3::SQLite3)  # CMake before 4.3 names it SQLite::SQLite3
        add_library(SQLite3::SQLite3 INTERFACE IMPORTED)
        target_link_libraries(SQLite3::SQLite3 INTERFACE SQLite::SQLite3)
      endif()
    elseif("${target}" STREQUAL "vantage::torch")
      include("${VANTAGE_CMAKE_DIR}/VantageTorch.cmake")
    elseif("${target}" STREQUAL "vantage::opencv")
      include("${VANTAGE_CMAKE_DIR}/VantageOpenCV.cmake")
    elseif("${target}" STREQUAL "vantage::faiss")
      include("${VANTAGE_CMAKE_DIR}/VantageFaiss.cmake")
    else()
      string(REGEX REPLACE "::.*" "" vantage_package "${target}")
      find_package(${vantage_package} REQUIRED)
      if(NOT TARGET ${target})
        message(FATAL_ERROR "The package ${vantage_package} gives no ${target}")
      endif()
    endif()
  endif()
endmacro()
