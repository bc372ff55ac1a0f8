// A signal handler that only stores.
#include "cli/interrupt.h"

#include <csignal>

namespace sixfold::cli {
namespace {

volatile std::sig_atomic_t interrupted = 0;
struct sigaction previous_action {};

void on_interrupt(int) {
  interrupted = 1;
}

}  // namespace

InterruptFlag::InterruptFlag() {
  interrupted = 0;
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, &previous_action);
}

InterruptFlag::~InterruptFlag() {
  sigaction(SIGINT, &previous_action, nullptr);
}

bool InterruptFlag::is_set() {
  return interrupted != 0;
}
void InterruptFlag::clear() {
  interrupted = 0;
}

}  // namespace sixfold::cli
