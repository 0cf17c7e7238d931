# SPDX-License-Identifier: BSD-3-Clause
# Defines vantage::opencv: OpenCV's core, imgproc, flann, features2d and calib3d, of the package OpenCV (OpenCV_DIR,
# CMAKE_PREFIX_PATH), or if its CMake files are not installed (in Debian only libopencv-dev has them), of the
# headers and libraries; or sets vantage_missing. Included by the build and by the installed package.
if(TARGET vantage::opencv)
  return()
endif()

set(opencv_components core imgproc flann features2d calib3d)
find_package(OpenCV 4.5 QUIET CONFIG COMPONENTS ${opencv_components})  # 4.5: SIFT in features2d, USAC
set(opencv_libraries "")
if(OpenCV_FOUND)
  set(opencv_include_dirs ${OpenCV_INCLUDE_DIRS})
  foreach(component IN LISTS opencv_components)
    list(APPEND opencv_libraries opencv_${component})
  endforeach()
else()
  find_path(VANTAGE_OPENCV_INCLUDE_DIR opencv2/features2d.hpp PATH_SUFFIXES opencv4)
  mark_as_advanced(VANTAGE_OPENCV_INCLUDE_DIR)
  set(opencv_include_dirs ${VANTAGE_OPENCV_INCLUDE_DIR})
  set(opencv_missing "")
  foreach(component IN LISTS opencv_components)
    find_library(VANTAGE_OPENCV_${component} opencv_${component})
    mark_as_advanced(VANTAGE_OPENCV_${component})
    if(NOT VANTAGE_OPENCV_${component} OR NOT EXISTS "${VANTAGE_OPENCV_INCLUDE_DIR}/opencv2/${component}.hpp")
      list(APPEND opencv_missing ${component})
    endif()
    list(APPEND opencv_libraries "${VANTAGE_OPENCV_${component}}")
  endforeach()
  if(opencv_missing)
    list(JOIN opencv_missing ", " opencv_missing)
    string(CONCAT vantage_missing "OpenCV 4.5 or later not found (missing: ${opencv_missing}). Run scripts/setup, install "
                                  "libopencv-features2d-dev and libopencv-calib3d-dev, or name its folder: "
                                  "cmake -DOpenCV_DIR=/path/with/OpenCVConfig.cmake. An inference-only build "
                                  "(-DVANTAGE_TRAINING=OFF) does without.")
    return()
  endif()
endif()
add_library(vantage::opencv INTERFACE IMPORTED)
target_include_directories(vantage::opencv SYSTEM INTERFACE ${opencv_include_dirs})
target_link_libraries(vantage::opencv INTERFACE ${opencv_libraries})
