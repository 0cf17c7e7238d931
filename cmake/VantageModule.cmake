# SPDX-License-Identifier: BSD-3-Clause

# Compiler options of every target of the project.
add_library(vantage_build_flags INTERFACE)
target_compile_features(vantage_build_flags INTERFACE cxx_std_20)
# -fPIC for programs too instead of CMake's -fPIE, so that they share the libraries' precompiled headers.
target_compile_options(vantage_build_flags INTERFACE -fPIC -Wall -Wextra -Wpedantic -Wshadow -Wno-missing-field-initializers
                                                     $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict$<SEMICOLON>-Wno-maybe-uninitialized>)  # false alarms of GCC 12
if(VANTAGE_WERROR)
  target_compile_options(vantage_build_flags INTERFACE -Werror)
endif()
if(VANTAGE_SANITIZE)
  target_compile_options(vantage_build_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=undefined
                                                       -fno-omit-frame-pointer)
  target_link_options(vantage_build_flags INTERFACE -fsanitize=address,undefined)
endif()

set(VANTAGE_MODULES "" CACHE INTERNAL "")

# vantage_add_module(NAME SOURCES files... [PUBLIC libraries...] [PRIVATE libraries...] [PRECOMPILED KIND]
#                    [ALONE files...])
# adds the static library vantage::NAME from src/NAME. KIND: the precompiled header (VantagePrecompile.cmake), "plain" by
# default. ALONE: sources that a unity build compiles by themselves, since they take long or share names with a twin (a reader
# of the same thing in another format).
function(vantage_add_module name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "PRECOMPILED" "SOURCES;PUBLIC;PRIVATE;ALONE")
  if(NOT arg_PRECOMPILED)
    set(arg_PRECOMPILED plain)
  endif()
  set(target vantage_${name})
  add_library(${target} STATIC ${arg_SOURCES})
  add_library(vantage::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_include_directories(${target} PUBLIC "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>"
                                              "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>"
                                              "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
  target_link_libraries(${target} PUBLIC ${arg_PUBLIC} PRIVATE "$<BUILD_INTERFACE:vantage_build_flags>" ${arg_PRIVATE})
  vantage_use_precompiled(${target} ${arg_PRECOMPILED})
  set_source_files_properties(${arg_ALONE} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  install(TARGETS ${target} EXPORT vantage_${name})
  set(others ${arg_PUBLIC} ${arg_PRIVATE})
  set(modules ${others})
  list(FILTER modules INCLUDE REGEX "^vantage::")
  list(REMOVE_ITEM modules vantage::torch vantage::opencv vantage::faiss)
  list(REMOVE_ITEM others ${modules} ${CMAKE_DL_LIBS})
  list(TRANSFORM modules REPLACE "^vantage::" "")
  string(APPEND component "set(vantage_${name}_modules ${modules})\nset(vantage_${name}_libraries ${others})\n")
  set_property(GLOBAL APPEND_STRING PROPERTY vantage_components "${component}")
  set(VANTAGE_MODULES ${VANTAGE_MODULES} vantage::${name} CACHE INTERNAL "")
endfunction()

# Exports the modules, each as a component: find_package(vantage COMPONENTS extract search) gives vantage::extract,
# vantage::search and their dependencies, and looks for no other library; without COMPONENTS all of them, and
# vantage::vantage, which links them all.
function(vantage_install_package)
  add_library(vantage_all INTERFACE)
  add_library(vantage::vantage ALIAS vantage_all)
  set_target_properties(vantage_all PROPERTIES EXPORT_NAME vantage)
  target_link_libraries(vantage_all INTERFACE ${VANTAGE_MODULES})
  install(TARGETS vantage_all EXPORT vantage_vantage)

  set(destination "${CMAKE_INSTALL_LIBDIR}/cmake/vantage")
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/vantage" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
  set(names ${VANTAGE_MODULES})
  list(TRANSFORM names REPLACE "^vantage::" "")
  foreach(name IN LISTS names ITEMS vantage)
    install(EXPORT vantage_${name} FILE vantage-${name}.cmake NAMESPACE vantage:: DESTINATION "${destination}")
  endforeach()
  get_property(components GLOBAL PROPERTY vantage_components)
  file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/vantageComponents.cmake"
       CONTENT "# What each module needs, in the order in which they build on each other.\nset(vantage_modules ${names})\n${components}" @ONLY)
  configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/vantageConfig.cmake.in"
                                "${PROJECT_BINARY_DIR}/vantageConfig.cmake" INSTALL_DESTINATION "${destination}"
                                PATH_VARS CMAKE_INSTALL_INCLUDEDIR)
  write_basic_package_version_file("${PROJECT_BINARY_DIR}/vantageConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
  install(FILES "${PROJECT_BINARY_DIR}/vantageConfig.cmake" "${PROJECT_BINARY_DIR}/vantageConfigVersion.cmake"
                "${PROJECT_BINARY_DIR}/vantageComponents.cmake"
                "${PROJECT_SOURCE_DIR}/cmake/VantageDependencies.cmake"
                "${PROJECT_SOURCE_DIR}/cmake/VantageFaiss.cmake"
                "${PROJECT_SOURCE_DIR}/cmake/VantageHttplib.cmake"
                "${PROJECT_SOURCE_DIR}/cmake/VantageOpenCV.cmake"
                "${PROJECT_SOURCE_DIR}/cmake/VantageTorch.cmake" DESTINATION "${destination}")
endfunction()
