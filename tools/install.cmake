# cmake --install: programs, library, headers, models, pages, completions, and what pkg-config and
# CMake need to find it all. cpack -G DEB makes a Debian package of the same.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS lungo EXPORT lungoTargets INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
# Beside the others -llungo would take it, and programs would look for it where they are run.
if(TARGET lungo_shared)
  install(TARGETS lungo_shared LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/lungo)
endif()
install(DIRECTORY include/lungo DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY models DESTINATION ${CMAKE_INSTALL_DATADIR}/lungo)
install(FILES proto/caffe.proto DESTINATION ${CMAKE_INSTALL_DATADIR}/lungo)
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)
get_property(LUNGO_PROGRAMS GLOBAL PROPERTY LUNGO_PROGRAMS)
install(TARGETS ${LUNGO_PROGRAMS})

# For Caffe's shell scripts: links in a checkout's build/, and a `caffe` beside `lungo`.
install(PROGRAMS tools/caffe_links TYPE BIN)
option(LUNGO_CAFFE_COMMAND "Install a command 'caffe' that is lungo" OFF)
if(LUNGO_CAFFE_COMMAND)
  file(MAKE_DIRECTORY ${CMAKE_RUNTIME_OUTPUT_DIRECTORY})
  file(CREATE_LINK lungo ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/caffe SYMBOLIC)
  install(CODE "file(CREATE_LINK lungo
    \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}/caffe\" SYMBOLIC)")
endif()

# Man pages and completions: every tool prints its own.
set(pages ${PROJECT_BINARY_DIR}/pages)
file(MAKE_DIRECTORY ${pages}/man1 ${pages}/bash ${pages}/zsh)
set(page_files "")
# add_page(FILE PROGRAM FLAG...): FILE is what the program prints.
function(add_page file program)
  add_custom_command(OUTPUT ${file} COMMAND $<TARGET_FILE:${program}> ${ARGN} > ${file}
                     DEPENDS ${program})
  set(page_files ${page_files} ${file} PARENT_SCOPE)
endfunction()
foreach(program ${LUNGO_PROGRAMS})
  string(REPLACE lungo_cli lungo name ${program})
  add_page(${pages}/man1/${name}.1 ${program} --helpman)
  add_page(${pages}/bash/${name} ${program} --completion=bash)
  add_page(${pages}/zsh/_${name} ${program} --completion=zsh)
endforeach()
file(STRINGS tools/lungo/main.c command_lines REGEX "^ *{{\\.name = \"")
foreach(line ${command_lines})
  string(REGEX REPLACE ".*\\.name = \"([a-z_]+)\".*" "\\1" command ${line})
  add_page(${pages}/man1/lungo-${command}.1 lungo_cli ${command} --helpman)
endforeach()
add_custom_target(lungo_pages ALL DEPENDS ${page_files})
install(DIRECTORY ${pages}/man1 DESTINATION ${CMAKE_INSTALL_MANDIR})
install(DIRECTORY ${pages}/bash/ DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(DIRECTORY ${pages}/zsh/ DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)

# What finds it.
install(EXPORT lungoTargets NAMESPACE lungo:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/lungo)
configure_package_config_file(tools/lungoConfig.cmake.in ${PROJECT_BINARY_DIR}/lungoConfig.cmake
                              INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/lungo)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/lungoConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/lungoConfig.cmake ${PROJECT_BINARY_DIR}/lungoConfigVersion.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/lungo)
file(RELATIVE_PATH to_headers /${CMAKE_INSTALL_LIBDIR}/pkgconfig /${CMAKE_INSTALL_INCLUDEDIR})
file(GENERATE OUTPUT ${PROJECT_BINARY_DIR}/installed/lungo.pc CONTENT "Name: lungo
Description: Caffe made to last
Version: ${PROJECT_VERSION}
Requires: ${LUNGO_REQUIRES}
Cflags: -I\${pcfiledir}/${to_headers}
Libs: -L\${pcfiledir}/.. -llungo ${LUNGO_LIBS}
")
install(FILES ${PROJECT_BINARY_DIR}/installed/lungo.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# The Debian package. With LUNGO_NATIVE it runs on processors like this one only, and says so.
set(CPACK_PACKAGE_NAME lungo)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
if(LUNGO_NATIVE)
  string(APPEND CPACK_PACKAGE_VERSION "+native")
endif()
set(CPACK_PACKAGE_CONTACT "The Lungo authors")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "trains and runs neural networks declared in Caffe's prototxt")
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# The OpenBLAS whose threads are OpenMP's: the others bring threads of their own.
set(CPACK_DEBIAN_PACKAGE_DEPENDS libopenblas0-openmp)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "dataset-fashion-mnist, gnuplot-nox, graphviz")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
include(CPack)
