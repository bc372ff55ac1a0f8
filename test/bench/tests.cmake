# The scripts that compare with other engines: against peers made of a few lines, and against our own server.
if(TARGET sixfold_cli)
  foreach(suite compare serve report http_streams)
    add_test(NAME bench.${suite}
             COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/${suite}_test.py)
    set_tests_properties(bench.${suite} PROPERTIES LABELS e2e TIMEOUT 600
                         ENVIRONMENT "SIXFOLD_PROGRAM=$<TARGET_FILE:sixfold>;SIXFOLD_SOURCE_DIR=${CMAKE_SOURCE_DIR}")
  endforeach()
endif()
