# SPDX-License-Identifier: BSD-3-Clause
# The photo formats, a line each: their file in this folder, their names, separated by commas, and the library that they are
# decoded with, if any. "optional": left out of a build that does not find the library. Read by the module, its tests and the fuzz
# targets.
set(formats
  "jpeg JPEG JPEG::JPEG"
  "png PNG PNG::PNG"
  "webp WebP WebP::webp optional"
  "tiff TIFF TIFF::TIFF optional"
  "bmp BMP"
  "gif GIF"
  "pnm PNM"
  "heif HEIC,AVIF heif::heif optional"
)
set(VANTAGE_CODEC_NAMES "")
set(VANTAGE_CODEC_SOURCES "")
set(VANTAGE_CODEC_LIBRARIES "")
set(VANTAGE_CODEC_DEFINITIONS "")  # of the optional ones that are built: VANTAGE_WITH_WEBP
foreach(format IN LISTS formats)
  separate_arguments(words UNIX_COMMAND "${format}")
  list(POP_FRONT words name names)
  string(REPLACE "," ";" names "${names}")
  if("optional" IN_LIST words)
    list(REMOVE_ITEM words optional)
    if(NOT name STREQUAL "heif" OR VANTAGE_HEIF)
      vantage_find_library(${words} OPTIONAL)
    endif()
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
