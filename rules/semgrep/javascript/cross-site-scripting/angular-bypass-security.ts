import { DomSanitizer, SecurityContext } from "@angular/platform-browser";

export class Page {
  constructor(private sanitizer: DomSanitizer) {}

  show(text: string) {
    // ruleid: javascript-angular-bypass-security
    const first = this.sanitizer.bypassSecurityTrustHtml(text);
    // ok: javascript-angular-bypass-security
    const second = this.sanitizer.bypassSecurityTrustHtml("<b>constant</b>");
    // ok: javascript-angular-bypass-security
    const third = this.sanitizer.sanitize(SecurityContext.HTML, text);
    return [first, second, third];
  }
}
