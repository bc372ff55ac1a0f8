# Benchmarks: bench/<module>*_bench.cc or bench/<what>_bench.cc -> a program of that name, built only when asked for.
file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/bench/*_bench.cc)
foreach(source ${sources})
  get_filename_component(name ${source} NAME_WE)
  add_executable(${name} EXCLUDE_FROM_ALL ${source})
  target_link_libraries(${name} PRIVATE sixfold_kernels)
endforeach()
