# Golden runners over the copies in tests/golden, and scripts that look at the tree or drive the
# tools as a user would.
set(here ${CMAKE_CURRENT_SOURCE_DIR})
set(build ${PROJECT_BINARY_DIR})

add_test(NAME tree.tidy COMMAND ${here}/tidy.sh ${PROJECT_SOURCE_DIR})
# The source is the same in every build: once is enough.
if(NOT LUNGO_SANITIZE)
  add_test(NAME tree.analysis COMMAND ${here}/analyze.sh ${PROJECT_BINARY_DIR})
endif()
add_test(NAME tree.headers COMMAND ${here}/headers.sh ${PROJECT_SOURCE_DIR})

add_test(NAME tree.symbols COMMAND ${here}/symbols.sh ${build})

add_test(NAME docs.layers COMMAND ${here}/cli/layer_pages.sh ${PROJECT_SOURCE_DIR} ${build})
add_test(NAME docs.forks COMMAND ${here}/cli/forks_page.sh ${PROJECT_SOURCE_DIR})
add_test(NAME docs.tools COMMAND ${here}/cli/tools_page.sh ${PROJECT_SOURCE_DIR} ${build})

add_test(NAME golden.builds COMMAND golden_builds ${here}/golden/builds/models.jsonl)
add_test(NAME golden.images COMMAND golden_images ${here}/golden/images ${here}/golden/pictures)
foreach(engine reference blas onednn)
  if(engine STREQUAL onednn AND NOT LUNGO_HAVE_ONEDNN)
    continue()
  endif()
  add_test(NAME golden.layers.${engine} COMMAND golden_cases --engine=${engine} ${here}/golden/layers)
  add_test(NAME golden.solvers.${engine}
           COMMAND golden_solvers --engine=${engine} ${here}/golden/solvers ${here}/golden/decoupled)
  set_tests_properties(golden.layers.${engine} golden.solvers.${engine} PROPERTIES TIMEOUT 600)
endforeach()
add_test(NAME golden.text COMMAND golden_text ${here}/golden/text-format/caffe_cases.tsv)

file(GLOB logs ${here}/golden/logs/*.log)
add_test(NAME cli.logs COMMAND ${here}/cli/logs.py ${build} ${logs})
list(FILTER logs INCLUDE REGEX "/small_")
add_test(NAME cli.log_tables COMMAND ${here}/cli/log_tables.py ${build} ${logs})
add_test(NAME cli.caffe_links COMMAND ${here}/cli/caffe_links.sh ${PROJECT_SOURCE_DIR} ${build})
add_test(NAME cli.flags COMMAND ${here}/cli/flags.sh ${build})
add_test(NAME cli.bad_input COMMAND ${here}/cli/bad_input.sh ${build})
add_test(NAME cli.forks COMMAND ${here}/cli/forks.sh ${build})
add_test(NAME cli.shell COMMAND ${here}/cli/shell.sh ${PROJECT_SOURCE_DIR} ${build})
add_test(NAME cli.draw COMMAND ${here}/cli/draw.sh ${PROJECT_SOURCE_DIR} ${build})
add_test(NAME cli.plot COMMAND ${here}/cli/plot.sh ${PROJECT_SOURCE_DIR} ${build})
add_test(NAME cli.progress COMMAND ${here}/cli/progress.py ${build})
add_test(NAME cli.records COMMAND ${here}/cli/records.py ${build})
add_test(NAME cli.report COMMAND ${here}/cli/report.sh ${PROJECT_SOURCE_DIR} ${build})
add_test(NAME cli.guard COMMAND ${here}/cli/guard.sh ${build})
add_test(NAME cli.snapshots COMMAND ${here}/cli/snapshots.sh ${build})
add_test(NAME cli.resume COMMAND ${here}/cli/resume.sh ${build})
add_test(NAME cli.seeds COMMAND ${here}/cli/seeds.sh ${PROJECT_SOURCE_DIR} ${build})
add_test(NAME cli.weight_decay COMMAND ${here}/cli/weight_decay.sh ${PROJECT_SOURCE_DIR} ${build})

# Python cannot load a library with sanitizers in it.
if(NOT LUNGO_SANITIZE)
  set(deploy_nets "")
  foreach(model lenet cifar10_quick squeezenet mobilenet)
    list(APPEND deploy_nets ${PROJECT_SOURCE_DIR}/models/${model}/deploy.prototxt)
  endforeach()
  add_test(NAME cli.opencv COMMAND ${here}/cli/opencv.py ${build} ${deploy_nets})
  add_test(NAME docs.porting COMMAND ${here}/cli/porting_page.sh ${PROJECT_SOURCE_DIR} ${build})
  set_tests_properties(cli.opencv PROPERTIES SKIP_RETURN_CODE 77)
endif()

# Minutes of training under the sanitizers, and the program links no sanitizer: optimised builds only.
if(NOT LUNGO_SANITIZE)
  add_test(NAME cli.lenet COMMAND ${here}/cli/lenet.sh ${PROJECT_SOURCE_DIR} ${build})
  set_tests_properties(cli.lenet PROPERTIES TIMEOUT 900 SKIP_RETURN_CODE 77)
  add_test(NAME cli.embedding COMMAND ${here}/cli/embedding.sh ${PROJECT_SOURCE_DIR} ${build})
  add_test(NAME cli.install COMMAND ${here}/cli/install.sh ${PROJECT_SOURCE_DIR} ${build})
endif()
