# The program as people use it: every command, its errors, signals.
if(TARGET sixfold_cli)
  set(suites commands serving golden weight_cache pull push oci ollama mlflow s3 lora sampling encoder dialects deploy
             container kube_play rolling_restart helm compose cluster manifest_schema)
  foreach(suite ${suites})
    add_test(NAME e2e.${suite}
             COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/${suite}_test.py)
    set_tests_properties(e2e.${suite} PROPERTIES LABELS e2e TIMEOUT 600 SKIP_RETURN_CODE 77
                         ENVIRONMENT "SIXFOLD_PROGRAM=$<TARGET_FILE:sixfold>;SIXFOLD_SOURCE_DIR=${CMAKE_SOURCE_DIR}")
  endforeach()
  set_tests_properties(e2e.cluster PROPERTIES TIMEOUT 3600)  # images are pulled
endif()
