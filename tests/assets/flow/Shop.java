package a;
import java.util.*;
public class Shop extends HttpServlet {
  private static final boolean YES = true;
  private boolean flag = false;
  private int five = 5;
  public void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
    String param = request.getParameter("x");
    String bar;
    int num = 86;
    if ((7 * 42) - num > 200) bar = "This"; else bar = param;
    sink(bar);  // inert
    String bar2 = (7 * 18) + num > 200 ? "a" : param;
    sink(bar2);  // inert
    List<String> v = new ArrayList<String>();
    v.add("safe"); v.add(param); v.add("more");
    v.remove(0);
    sink(v.get(1));  // inert
    sink(v.get(0));  // reached
    Map<String,Object> m = new HashMap<String,Object>();
    m.put("keyA", "a"); m.put("keyB", param);
    String c = (String) m.get("keyB");
    sink(c);  // reached
    c = (String) m.get("keyA");
    sink(c);  // inert
    String guess = "ABC";
    char t = guess.charAt(1);
    String s;
    switch (t) { case 'A': s = param; break; case 'B': s = "bob"; break; case 'C': case 'D': s = param; break; default: s = "x"; break; }
    sink(s);  // inert
    String w = new Shop().doSomething(request, param);
    sink(w);  // reached
    sink(new Inner().fixed(request, param));  // inert
    sink(helper(param));  // inert
    StringBuilder sb = new StringBuilder("a");
    sb.append(param);
    sink(sb.toString());  // reached
    StringBuilder sc = new StringBuilder("a");
    sc.append("b").append(s);
    sink(sc.toString());  // inert
    if (YES) { bar = "q"; } else { bar = param; }
    sink(bar);  // inert
    if (flag) { bar = param; }
    sink(bar);  // inert
    if (five != 5) { bar = param; }
    sink(bar);  // inert
    if (this.five == 5) { bar = param; }
    sink(bar);  // reached
    for (String x : request.getParameterValues("z")) { bar = x; }
    sink(bar);  // reached
    String[] cmd = {"sh", "-c", "ls " + s};
    sink(cmd);  // inert
    String[] cmd2 = new String[]{"sh", "-c", "ls " + param};
    sink(cmd2);  // reached
    String k = "";
    for (int i = 0; i < 3; i++) { k += "a"; }
    sink(k);  // inert
    try { k = param; run(); } catch (Exception e) { k = "x"; }
    sink(k);  // reached
    sink(org.owasp.esapi.ESAPI.encoder().escape(param));  // inert
    runIt(() -> { sink(param); });  // reached
    while (true) { k = "const"; if (x()) break; }
    sink(k);  // inert
  }
  private static String helper(String p) { return "const"; }
  String doSomething(HttpServletRequest request, String param) { String bar = param; if (bar.length() > 1) { bar = bar.substring(0, bar.length() - 1); } return bar; }
  private class Inner { String fixed(HttpServletRequest r, String p) { String bar = "safe"; HashMap<String, String> z = new HashMap<>(); z.put("a", bar); z.put("b", p); return z.get("a"); } }
}
