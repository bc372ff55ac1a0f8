// What Kubernetes takes for names, quantities and references to images.
#pragma once
#include <string>
#include <string_view>

namespace sixfold::deploy::kubernetes {

// Source: Kubernetes, "Object Names and IDs"; RFC 1123.
bool is_dns_label(std::string_view text);      // at most 63 of a-z 0-9 -, a letter first
bool is_dns_subdomain(std::string_view text);  // labels with dots between them, at most 253
bool is_label_value(std::string_view text);    // at most 63 of A-Z a-z 0-9 - _ .
bool is_label_name(std::string_view text);     // of a label: [subdomain/]name
// "500m", "4Gi", "2": a positive number and a unit.  Source: Kubernetes, "Quantity".
bool is_quantity(std::string_view text);
// "registry.example/team/bot:1.0" or with "@sha256:...".  Source: OCI distribution specification.
bool is_image(std::string_view text);
bool is_variable(std::string_view text);  // the name of an environment variable

// The name of a manifest as a DNS label: "My Bot" gives "my-bot"; empty when nothing is left.
std::string dns_label_of(std::string_view text);

}  // namespace sixfold::deploy::kubernetes
