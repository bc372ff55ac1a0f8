# One object library per instruction set, so that only its own files (src/kernels/isa_<name>*.cc) see its flags.
# All are linked into sixfold_kernels; dispatch.cc picks one when the program starts.  Never with LTO, and without weak
# symbols (tools/check_weak.sh): the linker could otherwise hand a copy compiled for a newer CPU to baseline code.
#   sixfold_isa(NAME [compiler flags])
set(SIXFOLD_ISAS)
function(sixfold_isa name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/kernels/isa_${name}.cc
       ${CMAKE_SOURCE_DIR}/src/kernels/isa_${name}_*.cc)
  add_library(sixfold_kernels_${name} OBJECT ${sources})
  target_include_directories(sixfold_kernels_${name} PRIVATE ${CMAKE_SOURCE_DIR}/src)
  # No contraction: a product and a sum are fused where the code says fma, so that bits do not depend on inlining.
  # No exceptions: kernels throw none, and the handlers' bookkeeping would be a weak symbol under sanitizers.
  target_compile_options(sixfold_kernels_${name} PRIVATE ${ARGN} $<$<CONFIG:Release>:-O3> -fno-lto -ffp-contract=off
                         -fno-exceptions)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC 12's avx512fintrin.h itself warns (GCC bug 105593); clang keeps the checks.
    target_compile_options(sixfold_kernels_${name} PRIVATE -Wno-uninitialized -Wno-maybe-uninitialized)
  endif()
  if(SIXFOLD_SANITIZE)
    target_compile_options(sixfold_kernels_${name} PRIVATE -O1)
  endif()
  # Unrolled kernels with inline checks take minutes to compile; calls check the same accesses.
  if(SIXFOLD_SANITIZE MATCHES "address")
    target_compile_options(sixfold_kernels_${name} PRIVATE -fno-sanitize=undefined
      $<IF:$<CXX_COMPILER_ID:GNU>,SHELL:--param asan-instrumentation-with-call-threshold=0,SHELL:-mllvm -asan-instrumentation-with-call-threshold=0>)
  endif()
  target_sources(sixfold_kernels PRIVATE $<TARGET_OBJECTS:sixfold_kernels_${name}>)
  set(SIXFOLD_ISAS ${SIXFOLD_ISAS} ${name} PARENT_SCOPE)
endfunction()

if(SIXFOLD_SANITIZE)
  target_compile_options(sixfold_kernels PRIVATE -O1)  # most of the time of sanitized tests is spent here
endif()

# The features named here are those that dispatch.cc asks the CPU for.
sixfold_isa(scalar)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  sixfold_isa(avx2 -mavx2 -mfma -mf16c)
  sixfold_isa(avx512 -mavx2 -mfma -mf16c -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512vnni
              -mprefer-vector-width=512)
  sixfold_isa(avx512bf16 -mavx2 -mfma -mf16c -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512vnni -mavx512bf16
              -mprefer-vector-width=512)
  sixfold_isa(amx -mavx2 -mfma -mf16c -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512vnni -mavx512bf16
              -mamx-tile -mamx-int8 -mamx-bf16 -mprefer-vector-width=512)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  sixfold_isa(neon -march=armv8.2-a+dotprod)
endif()
