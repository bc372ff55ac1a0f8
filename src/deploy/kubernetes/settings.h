// What the objects of a deployment to Kubernetes are made from; checked, and without any trace of how it was written.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sixfold::deploy::kubernetes {

inline constexpr std::uint64_t kPodsMax = 1000;

using TextMap = std::map<std::string, std::string>;

// How the model comes to the pods.
struct ModelSource {
  enum class Kind {
    kInImage,      // a layer of the server's own image
    kPull,         // an init container pulls `reference` into a folder of the pod
    kClaim,        // a persistent volume claim named `reference` holds it
    kImageVolume,  // `reference` is an image whose files are mounted; needs Kubernetes 1.33 or later
  };
  Kind kind = Kind::kInImage;
  std::string reference = {};
  std::string size_limit = "20Gi";  // of the folder that kPull fills
  std::string secret = {};          // of kPull: its keys become environment variables (HF_TOKEN, AWS_...)
};

// CPU and memory are quantities as Kubernetes writes them ("500m", "8Gi").
struct Resources {
  std::string cpu = "2";
  // What is asked for is also the limit: a server that is given more than its node has would be killed at any time.
  std::string memory = "4Gi";
};

struct Scaling {
  enum class By { kNothing, kCpu, kQueue, kKeda };
  By by = By::kNothing;
  std::uint64_t least = 1;
  std::uint64_t most = 4;
  std::uint64_t target_queue_depth = 4;  // waiting requests of one pod
  std::uint64_t target_kv_percent = 80;  // of the key/value cache
  std::uint64_t target_cpu_percent = 80;
  std::string prometheus = {};  // where KEDA asks: "http://prometheus.monitoring:9090"
};

// Who lets requests in from outside the cluster.
struct Entry {
  std::string host = {};
  std::string path = "/";
  std::string ingress_class = {};  // of an Ingress; empty: the cluster's default
  std::string tls_secret = {};     // of an Ingress; empty: no TLS
  std::string gateway = {};        // of an HTTPRoute
  std::string gateway_namespace = {};
};

// A second version that gets part of the requests.
struct Canary {
  std::string image;
  std::string version = {};  // as the settings' own
  std::uint64_t percent = 10;
  std::uint64_t replicas = 1;
};

struct Settings {
  std::string name;              // a DNS label of at most 52 letters, so that suffixes fit
  std::string space = {};        // the namespace; empty: whichever kubectl uses
  std::string version = {};      // label app.kubernetes.io/version; empty: none
  std::string image;             // with a tag or a digest
  std::string pull_policy = {};  // empty: Kubernetes' default
  std::string pull_secret = {};
  std::vector<std::string> arguments;  // of the program: "serve", ...
  TextMap environment = {};
  std::uint64_t replicas = 1;  // while nothing scales
  Resources resources = {};
  ModelSource model = {};
  std::uint64_t drain_seconds = 60;  // that running answers get
  std::optional<Scaling> scaling = std::nullopt;
  std::optional<Entry> ingress = std::nullopt;
  std::optional<Entry> route = std::nullopt;  // HTTPRoute of the Gateway API
  std::optional<Canary> canary = std::nullopt;
  bool has_pool = false;             // an InferencePool; the route then leads to it
  std::string endpoint_picker = {};  // the service that picks a pod of the pool
  bool has_network_policy = true;
  bool pulls = false;           // the model or adapters, from elsewhere: pods must reach it
  bool has_monitor = false;     // ServiceMonitor and PrometheusRule of the Prometheus operator
  TextMap monitor_labels = {};  // by which that operator finds them
};

}  // namespace sixfold::deploy::kubernetes
