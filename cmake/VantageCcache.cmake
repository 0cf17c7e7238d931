# SPDX-License-Identifier: BSD-3-Clause
# Compiles through ccache if it is installed. Included before the first target.
find_program(VANTAGE_CCACHE ccache)
if(VANTAGE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # pch_defines, time_macros: ccache needs them for precompiled headers; include_file_mtime and include_file_ctime: also
  # for those made in the same build. The base folder: a clone in another folder finds the same results.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      "${CMAKE_COMMAND}" -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" "${VANTAGE_CCACHE}")
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-fpch-preprocess)  # shows ccache which precompiled header a file uses
  endif()
endif()
