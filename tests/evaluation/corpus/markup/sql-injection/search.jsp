<%@ page import="java.sql.*" %>
<%@ taglib prefix="sql" uri="http://java.sun.com/jsp/jstl/sql" %>
<!-- case: vulnerable -->
<%
    String id = request.getParameter("id");
    Statement st = con.createStatement();
    ResultSet rs = st.executeQuery("SELECT * FROM item WHERE id = " + id);
%>
<!-- case: vulnerable (tag library) -->
<sql:query var="items" dataSource="jdbc/app">
  SELECT * FROM item WHERE name = '${param.name}'
</sql:query>
<!-- case: safe (bound) -->
<%
    PreparedStatement ps = con.prepareStatement("SELECT * FROM item WHERE id = ?");
    ps.setString(1, request.getParameter("id"));
%>
<!-- case: safe (bound by the tag) -->
<sql:query var="items" dataSource="jdbc/app">
  SELECT * FROM item WHERE name = ?
  <sql:param value="${param.name}"/>
</sql:query>
