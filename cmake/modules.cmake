include(cmake/together.cmake)

# One static library per module: sixfold_<module>, made of src/<module>/**/*.cc.
#   sixfold_module(NAME [modules and libraries it uses])
function(sixfold_module name)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cc ${CMAKE_SOURCE_DIR}/src/${name}/*.S)
  list(FILTER sources EXCLUDE REGEX "/isa_[a-z0-9_]+\\.cc$|/cli/main\\.cc$")
  if(NOT sources)
    return()
  endif()
  add_library(sixfold_${name} STATIC ${sources})
  sixfold_compile_together(sixfold_${name})
  if(SIXFOLD_FUZZ)
    # Fuzzers are guided by what code they reach; the arithmetic of the kernels, compiled apart, would tell them nothing.
    target_compile_options(sixfold_${name} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-fsanitize=fuzzer-no-link>)
  endif()
  target_include_directories(sixfold_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  foreach(used ${ARGN})
    if(TARGET sixfold_${used})
      target_link_libraries(sixfold_${name} PUBLIC sixfold_${used})
    elseif(used MATCHES "::" OR TARGET ${used})
      target_link_libraries(sixfold_${name} PUBLIC ${used})
    endif()
  endforeach()
endfunction()

sixfold_module(core Threads::Threads spdlog::spdlog fmt::fmt PkgConfig::XXHASH PkgConfig::CRYPTO)
set_source_files_properties(${CMAKE_SOURCE_DIR}/src/core/version.cc PROPERTIES
  COMPILE_DEFINITIONS "SIXFOLD_VERSION=\"${PROJECT_VERSION}\"")
target_link_libraries(sixfold_core PRIVATE Boost::json)  # core/json.h is for modules that name it themselves
sixfold_module(tensor core)
sixfold_module(telemetry core prometheus-cpp::core)
sixfold_module(manifest core yaml-cpp)
sixfold_module(kernels core tensor)
if(EXISTS ${CMAKE_SOURCE_DIR}/src/kernels/kernels.cmake)
  include(src/kernels/kernels.cmake)
endif()
sixfold_module(formats core tensor Boost::json)
sixfold_module(tokenizer core Boost::json PkgConfig::PCRE2 PkgConfig::UTF8PROC)
sixfold_module(grammar core Boost::json)
sixfold_module(net core telemetry Boost::headers Boost::url PkgConfig::CURL)
sixfold_module(onnx core tensor ${CMAKE_DL_LIBS})
sixfold_module(model core tensor kernels formats tokenizer)
sixfold_module(registry core manifest formats net Boost::json PkgConfig::PUGIXML)
sixfold_module(engine core telemetry kernels model tokenizer grammar)
sixfold_module(optimize core kernels model tokenizer formats)
sixfold_module(service core telemetry engine net onnx tokenizer grammar Boost::json)
sixfold_module(cli core manifest telemetry grammar engine onnx optimize registry service CLI11::CLI11 PkgConfig::EDIT)

# The built-in model is linked in byte for byte.
set(SIXFOLD_BUILTIN_MODEL ${CMAKE_SOURCE_DIR}/models/sixfold-tiny.gguf)
set_source_files_properties(${CMAKE_SOURCE_DIR}/src/registry/builtin_model_bytes.S PROPERTIES
  COMPILE_DEFINITIONS "SIXFOLD_BUILTIN_MODEL=\"${SIXFOLD_BUILTIN_MODEL}\""
  OBJECT_DEPENDS ${SIXFOLD_BUILTIN_MODEL})
