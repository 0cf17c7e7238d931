# SPDX-License-Identifier: BSD-3-Clause
# The photo formats, a line each: its file in this folder, and the library that it decodes with, if any. Read by the module
# and by the fuzz targets.
set(formats
  "jpeg JPEG::JPEG"
  "png PNG::PNG"
)
set(VANTAGE_CODEC_SOURCES "")
set(VANTAGE_CODEC_LIBRARIES "")
foreach(format IN LISTS formats)
  separate_arguments(words UNIX_COMMAND "${format}")
  list(POP_FRONT words name)
  list(APPEND VANTAGE_CODEC_SOURCES "${CMAKE_CURRENT_LIST_DIR}/${name}.cc")
  list(APPEND VANTAGE_CODEC_LIBRARIES ${words})
endforeach()
