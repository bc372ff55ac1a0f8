# One check per instruction set: its objects define no weak symbols.
foreach(isa ${SIXFOLD_ISAS})
  add_test(NAME kernels.no_weak_symbols_${isa}
           COMMAND ${CMAKE_SOURCE_DIR}/tools/check_weak.sh ${CMAKE_NM} $<TARGET_OBJECTS:sixfold_kernels_${isa}>
           COMMAND_EXPAND_LISTS)
  set_tests_properties(kernels.no_weak_symbols_${isa} PROPERTIES LABELS kernels)
endforeach()

# The NEON kernels, which this machine usually cannot run itself; says that it was skipped if a tool is missing.
find_program(SIXFOLD_AARCH64_CXX aarch64-linux-gnu-g++)
find_program(SIXFOLD_AARCH64_NM aarch64-linux-gnu-nm)
find_program(SIXFOLD_QEMU_AARCH64 NAMES qemu-aarch64-static qemu-aarch64)
add_test(NAME kernels.neon_under_qemu
         COMMAND ${CMAKE_SOURCE_DIR}/test/kernels/cross/neon_under_qemu.sh ${SIXFOLD_AARCH64_CXX} ${SIXFOLD_QEMU_AARCH64}
                 ${SIXFOLD_AARCH64_NM} ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/neon_check)
set_tests_properties(kernels.neon_under_qemu PROPERTIES LABELS kernels SKIP_RETURN_CODE 77 TIMEOUT 120)
add_test(NAME kernels.neon_matmul_under_qemu
         COMMAND ${CMAKE_SOURCE_DIR}/test/kernels/cross/matmul_under_qemu.sh ${SIXFOLD_AARCH64_CXX}
                 ${SIXFOLD_QEMU_AARCH64} ${SIXFOLD_AARCH64_NM} ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/neon_matmul_check)
set_tests_properties(kernels.neon_matmul_under_qemu PROPERTIES LABELS kernels SKIP_RETURN_CODE 77 TIMEOUT 300)
