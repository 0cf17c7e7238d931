# SPDX-License-Identifier: BSD-3-Clause
# The photo formats, a line each: their names, separated by commas, their file in this folder, and the library that it decodes
# with, if any. "optional": left out of a build that does not find the library. Read by the module, its tests and the fuzz
# targets.
set(formats
  "JPEG jpeg JPEG::JPEG"
  "PNG png PNG::PNG"
  "WebP webp WebP::webp optional"
  "TIFF tiff TIFF::TIFF optional"
  "BMP bmp"
  "GIF gif"
  "PNM pnm"
)
set(VANTAGE_CODEC_NAMES "")
set(VANTAGE_CODEC_SOURCES "")
set(VANTAGE_CODEC_LIBRARIES "")
set(VANTAGE_CODEC_DEFINITIONS "")  # of the optional ones that are built: VANTAGE_WITH_WEBP
foreach(format IN LISTS formats)
  separate_arguments(words UNIX_COMMAND "${format}")
  list(POP_FRONT words names name)
  string(REPLACE "," ";" names "${names}")
  if("optional" IN_LIST words)
    list(REMOVE_ITEM words optional)
    vantage_find_library(${words} OPTIONAL)
    if(NOT TARGET ${words})
      message(STATUS "Photos in ${names} are not read: no ${words}")
      continue()
    endif()
    string(TOUPPER "VANTAGE_WITH_${name}" definition)
    list(APPEND VANTAGE_CODEC_DEFINITIONS ${definition})
  endif()
  list(APPEND VANTAGE_CODEC_NAMES ${names})
  list(APPEND VANTAGE_CODEC_SOURCES "${CMAKE_CURRENT_LIST_DIR}/${name}.cc")
  list(APPEND VANTAGE_CODEC_LIBRARIES ${words})
endforeach()
set_source_files_properties("${CMAKE_CURRENT_LIST_DIR}/codecs.cc" PROPERTIES
                            COMPILE_DEFINITIONS "${VANTAGE_CODEC_DEFINITIONS}" SKIP_UNITY_BUILD_INCLUSION ON)
