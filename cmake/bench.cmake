# Micro-benchmarks of the kernels: bench/<what>_bench.cc -> <what>_bench, built only when asked for by name.
file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/bench/*_bench.cc)
foreach(source ${sources})
  get_filename_component(name ${source} NAME_WE)
  add_executable(${name} EXCLUDE_FROM_ALL ${source})
  target_link_libraries(${name} PRIVATE sixfold_kernels)
endforeach()
