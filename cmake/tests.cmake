# One test program per module: <module>_test, made of test/<module>/*_test.cc.
find_package(GTest QUIET)
if(NOT GTest_FOUND)
  message(STATUS "Tests are left out: GoogleTest not found. On Debian: apt-get install libgtest-dev libgmock-dev "
                 "(or run tools/bootstrap test)")
  return()
endif()
include(GoogleTest)
find_package(Python3 QUIET COMPONENTS Interpreter)

add_custom_target(tests)  # every test program, and nothing that no test of its own build runs
file(GLOB test_modules RELATIVE ${CMAKE_SOURCE_DIR}/test CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/test/*)
foreach(module ${test_modules})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/test/${module}/*_test.cc)
  if(sources AND TARGET sixfold_${module})
    add_executable(${module}_test ${sources})
    add_dependencies(tests ${module}_test)
    target_include_directories(${module}_test PRIVATE ${CMAKE_SOURCE_DIR}/test)
    sixfold_compile_together(${module}_test)
    target_link_libraries(${module}_test PRIVATE sixfold_${module} GTest::gmock_main)
    # Tests write lists of sizes as plain numbers.
    target_compile_options(${module}_test PRIVATE $<$<CXX_COMPILER_ID:Clang>:-Wno-sign-conversion>)
    # Most tests take longer to compile than to run; these calculate much.
    if(module STREQUAL "kernels" OR (module STREQUAL "model" AND NOT SIXFOLD_SANITIZE))
      target_compile_options(${module}_test PRIVATE -O1)
    else()
      target_compile_options(${module}_test PRIVATE -O0)
    endif()
    target_compile_definitions(${module}_test PRIVATE SIXFOLD_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    gtest_discover_tests(${module}_test TEST_PREFIX ${module}. DISCOVERY_MODE PRE_TEST
                         PROPERTIES LABELS ${module} TIMEOUT 300)
  endif()
endforeach()

# Structure checks and script-driven tests: test/<folder>/tests.cmake adds them.
add_test(NAME structure.floors
         COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/tools/check_floors.py ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/floors.txt)
find_program(SIXFOLD_CLANG_FORMAT clang-format-14)
if(SIXFOLD_CLANG_FORMAT)
  add_test(NAME structure.format
           COMMAND sh -c "git ls-files '*.cc' '*.h' | xargs ${SIXFOLD_CLANG_FORMAT} --dry-run -Werror"
           WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
endif()
add_test(NAME structure.models
         COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/tools/models_table --check
                 ${CMAKE_SOURCE_DIR}/src/model/arch_list.cc ${CMAKE_SOURCE_DIR}/docs/models.md)
set_tests_properties(structure.floors structure.models PROPERTIES LABELS structure)
if(TEST structure.format)
  set_tests_properties(structure.format PROPERTIES LABELS structure)
endif()
foreach(module ${test_modules})
  if(EXISTS ${CMAKE_SOURCE_DIR}/test/${module}/tests.cmake)
    include(${CMAKE_SOURCE_DIR}/test/${module}/tests.cmake)
  endif()
endforeach()
