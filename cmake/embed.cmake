# Checks providers/ and puts its files into the library `llmforge_data`, for embedded_packages().
# The checking program links the front without that library, so there is no circle.
file(GLOB_RECURSE LF_PROVIDER_FILES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/providers/*)
# The long forms of diagnostics, for `explain`.
file(GLOB LF_ERROR_PAGES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/docs/errors/*.md)
# What `init --from` writes.
file(GLOB_RECURSE LF_EXAMPLES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/specs/*.yaml
  ${CMAKE_SOURCE_DIR}/examples/*.yaml)
set(LF_PACKAGES_BLOB ${CMAKE_BINARY_DIR}/packages.bin)

add_executable(llmforge_embed src/provider/embed_main.cc)
target_link_libraries(llmforge_embed PRIVATE llmforge_front)
add_custom_command(
  OUTPUT ${LF_PACKAGES_BLOB}
  COMMAND llmforge_embed ${CMAKE_SOURCE_DIR} ${LF_PACKAGES_BLOB}
  DEPENDS llmforge_embed ${LF_PROVIDER_FILES} ${LF_ERROR_PAGES} ${LF_EXAMPLES}
  COMMENT "Checking the provider packages"
  VERBATIM)

file(WRITE ${CMAKE_BINARY_DIR}/packages.S.in "\
    .section .rodata
    .global lf_packages_begin
    .global lf_packages_end
    .balign 16
lf_packages_begin:
    .incbin \"${LF_PACKAGES_BLOB}\"
lf_packages_end:
    .byte 0
    .section .note.GNU-stack,\"\",%progbits
")
configure_file(${CMAKE_BINARY_DIR}/packages.S.in ${CMAKE_BINARY_DIR}/packages.S COPYONLY)
# The door to the blob lies with it: the checking program must never need either.
add_library(llmforge_data STATIC ${CMAKE_BINARY_DIR}/packages.S src/provider/embedded.cc)
target_link_libraries(llmforge_data PUBLIC llmforge_front)
set_source_files_properties(${CMAKE_BINARY_DIR}/packages.S PROPERTIES
  OBJECT_DEPENDS ${LF_PACKAGES_BLOB} COMPILE_OPTIONS "-Wno-error")
