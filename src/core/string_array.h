// Many short texts in one block of memory: a vocabulary costs two allocations, not a hundred thousand.
#pragma once
#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace sixfold {

// Grows at its end; what is in it does not change.  A value: copies are deep and take two copies of memory.  Views that
// it hands out end with the next push_back and when it goes; moving it leaves them valid.  One thread, or many that
// read.
class StringArray {
 public:
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = std::string_view;
    using difference_type = std::ptrdiff_t;
    using pointer = const std::string_view*;
    using reference = std::string_view;

    Iterator() = default;
    std::string_view operator*() const { return (*array_)[index_]; }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++index_;
      return before;
    }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    friend class StringArray;
    Iterator(const StringArray* array, std::size_t index) : array_(array), index_(index) {}

    const StringArray* array_ = nullptr;
    std::size_t index_ = 0;
  };
  using value_type = std::string_view;
  using const_iterator = Iterator;
  using iterator = Iterator;

  StringArray() = default;
  // Implicit, so that a list of texts can be written where an array of them is wanted.
  StringArray(std::initializer_list<std::string_view> texts);
  StringArray(const std::vector<std::string>& texts);

  std::size_t size() const { return ends_.size(); }
  bool empty() const { return ends_.empty(); }
  // index: below size().
  std::string_view operator[](std::size_t index) const {
    const std::size_t begin = index == 0 ? 0 : ends_[index - 1];
    return std::string_view(text_.data() + begin, ends_[index] - begin);
  }
  // Says that the text will be read soon, so that it can be on its way.  index: below size().
  void expect(std::size_t index) const { __builtin_prefetch(text_.data() + ends_[index]); }
  std::string_view front() const { return (*this)[0]; }
  std::string_view back() const { return (*this)[size() - 1]; }
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, size()}; }

  // Room for `count` texts of `bytes` in all.
  void reserve(std::size_t count, std::size_t bytes) {
    ends_.reserve(count);
    text_.reserve(bytes);
  }
  void push_back(std::string_view text) {
    text_.insert(text_.end(), text.begin(), text.end());
    ends_.push_back(text_.size());
  }
  void clear() {
    text_.clear();
    ends_.clear();
  }

  friend bool operator==(const StringArray&, const StringArray&) = default;

 private:
  std::vector<char> text_;         // all of them, one behind the other; a string would move short ones along
  std::vector<std::size_t> ends_;  // in text_
};

}  // namespace sixfold
