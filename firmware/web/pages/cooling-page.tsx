export function CoolingPage() {
  return null;
}
