# SPDX-License-Identifier: BSD-3-Clause
# Defines httplib::httplib if cpp-httplib 0.11 to 0.17 is found: the target of its own CMake package, or that of its pkg-config
# file (Debian's package has only this), which has the macros that the library was compiled with. Later versions changed
# the functions that src/serve/http_server.cc overrides. Included by the build and by the installed package.
if(TARGET httplib::httplib)
  return()
endif()

find_package(httplib 0.11...<0.18 QUIET CONFIG)
if(NOT TARGET httplib::httplib)
  find_package(PkgConfig QUIET)
  if(PkgConfig_FOUND)
    pkg_check_modules(VANTAGE_HTTPLIB QUIET IMPORTED_TARGET "cpp-httplib>=0.11" "cpp-httplib<0.18")
    if(VANTAGE_HTTPLIB_FOUND)
      add_library(httplib::httplib INTERFACE IMPORTED)
      target_link_libraries(httplib::httplib INTERFACE PkgConfig::VANTAGE_HTTPLIB)
    endif()
  endif()
endif()
