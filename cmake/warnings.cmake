# Compiler settings shared by every target of this project.
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -fvisibility=hidden)
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_options(-O2 -g1)
  # The program runs on any x86-64-v2 CPU; faster instructions live only in the per-ISA kernel files.
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    add_compile_options(-march=x86-64-v2)
  endif()
endif()
if(SIXFOLD_SANITIZE)
  # Clang compiles sanitized code in two thirds of GCC's time, and unoptimised code in half of that; besides, no fault is
  # optimised away before it is seen.  Optimised are the kernels (src/kernels/kernels.cmake), where tests spend their
  # time, and everything where fuzzers are built too, which want many tries a second; a report names every caller.
  add_compile_options(-fsanitize=${SIXFOLD_SANITIZE} -fno-omit-frame-pointer -g1)
  if(SIXFOLD_FUZZ)
    add_compile_options(-O1 -fno-optimize-sibling-calls)
  else()
    add_compile_options(-O0)
  endif()
  if(SIXFOLD_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    add_compile_options(-fno-sanitize=function)  # clang 14 cannot emit coroutines under it
  endif()
  add_link_options(-fsanitize=${SIXFOLD_SANITIZE})
  find_program(SIXFOLD_LLD ld.lld-14)
  if(SIXFOLD_LLD AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    add_link_options(-fuse-ld=lld)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC reports false maybe-uninitialized and restrict findings inside library headers under sanitizers.
    add_compile_options(-Wno-maybe-uninitialized -Wno-restrict -Wno-tsan)
  endif()
endif()
