# Requests as text files, and the clients that people use, against the real program with its built-in model.
if(TARGET sixfold_cli)
  file(GLOB conformance_cases CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/cases/*.http)
  add_test(NAME conformance.cases
           COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/run_cases.py --program $<TARGET_FILE:sixfold>
                   ${conformance_cases})
  add_test(NAME conformance.node
           COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/run_node.py --program $<TARGET_FILE:sixfold>
                   --work ${CMAKE_BINARY_DIR}/conformance_node)
  add_test(NAME conformance.requests
           COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/run_requests.py --program $<TARGET_FILE:sixfold>)
  add_test(NAME conformance.s3rver
           COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/run_s3rver.py --program $<TARGET_FILE:sixfold>
                   --work ${CMAKE_BINARY_DIR}/conformance_s3rver)
  add_test(NAME conformance.onnx
           COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/run_onnx.py --program $<TARGET_FILE:sixfold>
                   --test $<TARGET_FILE:onnx_test> --work ${CMAKE_BINARY_DIR}/conformance_onnx)
  add_test(NAME conformance.kubernetes
           COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/run_kubernetes.py --program $<TARGET_FILE:sixfold>
                   --work ${CMAKE_BINARY_DIR}/conformance_kubernetes)
  set_tests_properties(conformance.cases conformance.node conformance.requests conformance.s3rver conformance.onnx
                       conformance.kubernetes
                       PROPERTIES
                       LABELS conformance TIMEOUT 600 SKIP_RETURN_CODE 77)
endif()

# The JSON Schema Test Suite, as npm has it (draft 4; SIXFOLD_JSON_SCHEMA_SUITE names a folder of a newer one).
if(TARGET grammar_test)
  add_test(NAME conformance.json_schema_node
           COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/run_json_schema.py --test $<TARGET_FILE:grammar_test>
                   --work ${CMAKE_BINARY_DIR}/conformance_json_schema)
  set_tests_properties(conformance.json_schema_node PROPERTIES LABELS conformance TIMEOUT 600 SKIP_RETURN_CODE 77)
endif()

# tokenizer.json files of every stage against the library that defines them.
if(TARGET tokenizer_test)
  add_test(NAME conformance.tokenizers_node
           COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/run_tokenizers.py --test $<TARGET_FILE:tokenizer_test>
                   --work ${CMAKE_BINARY_DIR}/conformance_tokenizers)
  set_tests_properties(conformance.tokenizers_node PROPERTIES LABELS conformance TIMEOUT 600 SKIP_RETURN_CODE 77)
endif()
