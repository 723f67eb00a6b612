<%@ page import="java.io.*" %>
<!-- case: vulnerable -->
<%
    String host = request.getParameter("host");
    Process p = Runtime.getRuntime().exec("ping -c 1 " + host);
%>
<!-- case: vulnerable -->
<% new ProcessBuilder("sh", "-c", request.getParameter("cmd")).start(); %>
<!-- case: safe (fixed) -->
<% Process q = Runtime.getRuntime().exec(new String[] {"uptime"}); %>
