# One check per instruction set: its objects define no weak symbols.
foreach(isa ${SIXFOLD_ISAS})
  add_test(NAME kernels.no_weak_symbols_${isa}
           COMMAND ${CMAKE_SOURCE_DIR}/tools/check_weak.sh ${CMAKE_NM} $<TARGET_OBJECTS:sixfold_kernels_${isa}>
           COMMAND_EXPAND_LISTS)
  set_tests_properties(kernels.no_weak_symbols_${isa} PROPERTIES LABELS kernels)
endforeach()
