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
add_test(NAME docs.forks COMMAND ${here}/cli/forks_page.sh ${PROJECT_SOURCE_DIR} ${build})
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
add_test(NAME cli.progress COMMAND ${here}/cli/progress.py ${build})
add_test(NAME cli.records COMMAND ${here}/cli/records.py ${build})
set(scripts bad_input caffe_links draw flags forks guard plot report resume seeds shell snapshots weight_decay)
if(NOT LUNGO_SANITIZE)
  # Minutes of training under the sanitizers, and programs that link no sanitizer.
  list(APPEND scripts lenet embedding install)
endif()
foreach(script ${scripts})
  add_test(NAME cli.${script} COMMAND ${here}/cli/${script}.sh ${PROJECT_SOURCE_DIR} ${build})
endforeach()

# Python cannot load a library with sanitizers in it.
if(NOT LUNGO_SANITIZE)
  set(deploy_nets "")
  foreach(model lenet cifar10_quick squeezenet mobilenet)
    list(APPEND deploy_nets ${PROJECT_SOURCE_DIR}/models/${model}/deploy.prototxt)
  endforeach()
  add_test(NAME cli.opencv COMMAND ${here}/cli/opencv.py ${build} ${deploy_nets})
  add_test(NAME docs.porting COMMAND ${here}/cli/porting_page.sh ${PROJECT_SOURCE_DIR} ${build})
  set_tests_properties(cli.opencv cli.lenet PROPERTIES SKIP_RETURN_CODE 77)
  set_tests_properties(cli.lenet PROPERTIES TIMEOUT 900)
endif()
