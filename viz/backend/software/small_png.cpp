// A PNG with a palette (PNG specification, 11.2), packed by libstb.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "viz/backend/software/palette.h"
#include "viz/backend/software/rasteriser.h"

// libstb exports it; its header declares it only for itself.
extern "C" unsigned char* stbi_zlib_compress(unsigned char* data, int size, int* packed_size, int quality);

namespace quorumlab::viz {
namespace {

void put_number(std::string& out, std::uint32_t value) {
  for (const int shift : {24, 16, 8, 0}) out += static_cast<char>(value >> shift & 255);
}

std::uint32_t crc_of(const std::string& bytes) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int i = 0; i < 8; ++i) crc = (crc & 1) != 0 ? crc >> 1 ^ 0xEDB88320 : crc >> 1;
  }
  return ~crc;
}

void put_chunk(std::string& out, const std::string& name, const std::string& bytes) {
  put_number(out, static_cast<std::uint32_t>(bytes.size()));
  out += name + bytes;
  put_number(out, crc_of(name + bytes));
}

}  // namespace

bool write_small_png(const std::string& path, const Image& image) {
  const auto pixels = static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height);
  std::vector<std::uint32_t> all(pixels);
  for (std::size_t i = 0; i < pixels; ++i) {
    const std::uint8_t* p = image.rgba.data() + 4 * i;
    all[i] = static_cast<std::uint32_t>(p[0]) << 16 | static_cast<std::uint32_t>(p[1]) << 8 | p[2];
  }
  const Palette palette(all, 256);
  std::string header, colours;
  put_number(header, static_cast<std::uint32_t>(image.width));
  put_number(header, static_cast<std::uint32_t>(image.height));
  header += std::string("\x08\x03\x00\x00\x00", 5);  // a byte for each pixel: its place in the palette
  for (const std::uint32_t colour : palette.colours()) {
    for (const int shift : {16, 8, 0}) colours += static_cast<char>(colour >> shift & 255);
  }
  std::vector<unsigned char> rows;
  for (std::size_t i = 0; i < pixels; ++i) {
    if (i % static_cast<std::size_t>(image.width) == 0) rows.push_back(0);  // unfiltered
    rows.push_back(palette.number_of(all[i]));
  }
  int size = 0;
  unsigned char* packed = stbi_zlib_compress(rows.data(), static_cast<int>(rows.size()), &size, 64);
  if (packed == nullptr) return false;
  std::string out = "\x89PNG\r\n\x1a\n";
  put_chunk(out, "IHDR", header);
  put_chunk(out, "PLTE", colours);
  put_chunk(out, "IDAT", std::string(reinterpret_cast<char*>(packed), static_cast<std::size_t>(size)));
  put_chunk(out, "IEND", "");
  std::free(packed);
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return false;
  const bool good = std::fwrite(out.data(), 1, out.size(), file) == out.size();
  return std::fclose(file) == 0 && good;
}

}  // namespace quorumlab::viz
