# Golden runners over the copies in tests/golden, and scripts that look at the tree or drive the
# tools as a user would. A folder that is not there yet has no entry.

add_test(NAME tree.tidy COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/tidy.sh ${PROJECT_SOURCE_DIR})
add_test(NAME tree.headers COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/headers.sh ${PROJECT_SOURCE_DIR})

if(TARGET golden_cases)
  add_test(NAME golden.layers COMMAND golden_cases ${CMAKE_CURRENT_SOURCE_DIR}/golden/layers)
  set_tests_properties(golden.layers PROPERTIES TIMEOUT 600)
endif()
add_test(NAME golden.text COMMAND golden_text
         ${CMAKE_CURRENT_SOURCE_DIR}/golden/text-format/caffe_cases.tsv)

add_test(NAME golden.solvers COMMAND golden_solvers ${CMAKE_CURRENT_SOURCE_DIR}/golden/solvers
         ${CMAKE_CURRENT_SOURCE_DIR}/golden/decoupled)
set_tests_properties(golden.solvers PROPERTIES TIMEOUT 600)
