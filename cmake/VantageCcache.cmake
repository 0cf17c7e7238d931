# SPDX-License-Identifier: BSD-3-Clause
# Compiles through ccache where it is installed. Included before the first target.
find_program(VANTAGE_CCACHE ccache)
if(VANTAGE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # pch_defines, time_macros: ccache refuses precompiled headers without them. include_file_mtime and include_file_ctime:
  # it would refuse one made in the same build. The base folder: a clone in another folder finds the same results.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      "${CMAKE_COMMAND}" -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" "${VANTAGE_CCACHE}")
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-fpch-preprocess)  # ccache sees by it which precompiled header a file uses
  endif()
endif()
